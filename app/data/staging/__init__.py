"""Large imports: rows wait in a staging folder, then the map is swapped. Imports domain and data.

`job` is the folder of one import with its journal; `worker` fills it in a process of its own;
`staged` reads from it while it fills; `append` writes the rows to a working copy of the map, which
takes the map's place in one step. Whatever is killed, the city is as it was and the next run goes
on after the last chunk in the journal.
"""
