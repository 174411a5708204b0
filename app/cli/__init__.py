"""The command line: above data and engines, beside the samples; `app.main` injects the rest."""
