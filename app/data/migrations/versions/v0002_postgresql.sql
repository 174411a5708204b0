CREATE SEQUENCE reading_block_id

CREATE TABLE reading_block (
    id BIGINT NOT NULL DEFAULT nextval('reading_block_id'),
    month INTEGER NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    readings INTEGER NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (month, id)
) PARTITION BY LIST (month)

ALTER TABLE reading_block ALTER COLUMN data SET STORAGE EXTERNAL

CREATE INDEX ix_reading_block_day ON reading_block (day, id)

CREATE TABLE live_unit (
    uid UUID PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    lon FLOAT NOT NULL,
    lat FLOAT NOT NULL,
    heading FLOAT NOT NULL,
    at_ms BIGINT NOT NULL,
    rev BIGINT NOT NULL
) WITH (fillfactor = 50)

CREATE TABLE blob (
    digest TEXT COLLATE "C" PRIMARY KEY,
    data BYTEA NOT NULL,
    received_ms BIGINT NOT NULL
)

ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL

CREATE TABLE IF NOT EXISTS map_revision (
    only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
    token UUID NOT NULL DEFAULT gen_random_uuid()
)

INSERT INTO map_revision DEFAULT VALUES ON CONFLICT DO NOTHING

CREATE OR REPLACE FUNCTION map_changed() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN UPDATE map_revision SET token = gen_random_uuid(); RETURN NULL; END$$

DO $$
DECLARE layer TEXT;
BEGIN
    FOREACH layer IN ARRAY ARRAY['area', 'road', 'water', 'green', 'building', 'site', 'place', 'part', 'pipe'] LOOP
        IF to_regclass(layer) IS NOT NULL THEN
            EXECUTE format('CREATE OR REPLACE TRIGGER map_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %%I FOR EACH STATEMENT EXECUTE FUNCTION map_changed()', layer);
        END IF;
    END LOOP;
END$$
