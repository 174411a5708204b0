"""Heat of cases by the hour."""
