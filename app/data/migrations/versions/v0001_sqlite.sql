CREATE TABLE action (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL,
    uid BLOB NOT NULL,
    subject BLOB NOT NULL,
    device TEXT NOT NULL,
    hlc TEXT NOT NULL,
    kind TEXT NOT NULL,
    data BLOB NOT NULL,
    suite TEXT NOT NULL,
    signature BLOB NOT NULL,
    status TEXT DEFAULT 'ok' NOT NULL,
    received_ms BIGINT NOT NULL,
    UNIQUE (hash)
);
CREATE INDEX ix_action_device ON action (device, hlc);
CREATE INDEX ix_action_subject ON action (subject, seq);
CREATE TABLE case_row (
    id INTEGER NOT NULL,
    uid BLOB NOT NULL,
    receipt TEXT NOT NULL,
    number TEXT NOT NULL,
    step TEXT NOT NULL,
    phase TEXT NOT NULL,
    matter TEXT NOT NULL,
    matter_name TEXT NOT NULL,
    words_key BLOB,
    address_key BLOB,
    lon FLOAT NOT NULL,
    lat FLOAT NOT NULL,
    cell BIGINT NOT NULL,
    grid BLOB,
    grid_code TEXT NOT NULL,
    street BLOB,
    district BLOB,
    unit BLOB,
    person BLOB,
    source TEXT NOT NULL,
    reported_ms BIGINT NOT NULL,
    due_ms BIGINT,
    due_key BIGINT NOT NULL,
    due_clock TEXT NOT NULL,
    returned INTEGER NOT NULL,
    reworked INTEGER NOT NULL,
    auto BOOLEAN NOT NULL,
    urgent BOOLEAN NOT NULL,
    is_open BOOLEAN NOT NULL,
    rank SMALLINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    closed_ms BIGINT,
    sample BOOLEAN NOT NULL,
    confidence INTEGER,
    PRIMARY KEY (id),
    UNIQUE (uid)
);
CREATE INDEX ix_case_cell ON case_row (cell) WHERE is_open;
CREATE INDEX ix_case_changed ON case_row (changed_ms);
CREATE INDEX ix_case_closed ON case_row (closed_ms);
CREATE INDEX ix_case_desk ON case_row (rank, due_key, id) WHERE is_open;
CREATE INDEX ix_case_district ON case_row (district, reported_ms, id);
CREATE INDEX ix_case_due ON case_row (due_key, id) WHERE is_open;
CREATE INDEX ix_case_grid ON case_row (grid, reported_ms, id);
CREATE INDEX ix_case_mine ON case_row (person, due_key, id) WHERE is_open;
CREATE INDEX ix_case_number ON case_row (number);
CREATE INDEX ix_case_open ON case_row (reported_ms, id) WHERE is_open;
CREATE INDEX ix_case_receipt ON case_row (receipt);
CREATE INDEX ix_case_reported ON case_row (reported_ms, id);
CREATE INDEX ix_case_street ON case_row (street, reported_ms, id);
CREATE TABLE checkpoint (
    device TEXT NOT NULL,
    day TEXT NOT NULL,
    seq BIGINT NOT NULL,
    heads BLOB NOT NULL,
    suite TEXT NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (device, day)
);
CREATE TABLE city (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE counter (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE device (
    id TEXT NOT NULL,
    suite TEXT NOT NULL,
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    added_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE duty (
    uid BLOB NOT NULL,
    name TEXT NOT NULL,
    unit BLOB NOT NULL,
    area BLOB NOT NULL,
    kind TEXT NOT NULL,
    persons TEXT NOT NULL,
    PRIMARY KEY (uid)
);
CREATE INDEX ix_duty_area ON duty (area, kind);
CREATE TABLE import_run (
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    taken BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE TABLE person (
    uid BLOB NOT NULL,
    name TEXT NOT NULL,
    unit BLOB NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (uid)
);
CREATE INDEX ix_person_role ON person (role);
CREATE INDEX ix_person_unit ON person (unit);
CREATE TABLE ruleset (
    hash TEXT NOT NULL,
    data BLOB NOT NULL,
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (hash)
);
CREATE TABLE secret (
    "key" BLOB NOT NULL,
    subject BLOB NOT NULL,
    kind TEXT NOT NULL,
    salt BLOB,
    value TEXT,
    PRIMARY KEY ("key")
);
CREATE INDEX ix_secret_subject ON secret (subject);
CREATE TABLE shift (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    start TEXT NOT NULL,
    "end" TEXT NOT NULL,
    PRIMARY KEY (code)
);
CREATE TABLE unit (
    uid BLOB NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    area BLOB NOT NULL,
    phone TEXT NOT NULL,
    PRIMARY KEY (uid)
);
CREATE VIRTUAL TABLE case_text USING fts5(body, tokenize = 'ascii', detail = 'none', prefix = '1');
INSERT INTO case_text (case_text, rank) VALUES ('secure-delete', 1);
