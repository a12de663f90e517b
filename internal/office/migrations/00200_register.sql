-- +goose Up
-- The book. Spatial units (parcel, building, unit), parties, rights with their shares, restrictions, and entries, which are the
-- sources of all of them: the parts of the Land Administration Domain Model (ISO 19152). A right is never changed or deleted:
-- it ends, and another begins. What the law says is checked in Go, which can say why; what can be a constraint is one as well.
CREATE SCHEMA register;

CREATE TABLE register.parcel (
    code      text PRIMARY KEY CHECK (code ~ '^\d{12}[GJZ][A-Z]\d{5}$'),
    district  text NOT NULL CHECK (district = left(code, 6)),
    name      text NOT NULL,
    address   text NOT NULL,
    area      bigint NOT NULL CHECK (area > 0),                -- hundredths of a square metre
    land_use  text NOT NULL,
    nature    text NOT NULL,                                   -- 权利性质
    term_from date,
    term_to   date CHECK (term_to > term_from)
);

CREATE TABLE register.building (
    code      text PRIMARY KEY CHECK (code ~ '^.{19}F\d{4}$'),
    district  text NOT NULL CHECK (district = left(code, 6)),
    parcel    text NOT NULL REFERENCES register.parcel CHECK (parcel = left(code, 19)),
    name      text NOT NULL,
    address   text NOT NULL,
    floors    int NOT NULL CHECK (floors > 0),
    built     date,
    structure text NOT NULL,
    area      bigint NOT NULL CHECK (area > 0)
);
CREATE INDEX building_parcel ON register.building (parcel);

CREATE TABLE register.unit (
    code      text PRIMARY KEY CHECK (length(code) = 28),
    district  text NOT NULL CHECK (district = left(code, 6)),
    parcel    text NOT NULL REFERENCES register.parcel CHECK (parcel = left(code, 19)),
    building  text REFERENCES register.building CHECK (building = left(code, 24)),
    house     text UNIQUE,                                     -- 房屋标识码
    address   text NOT NULL,
    entrance  int NOT NULL DEFAULT 0,
    floor     int NOT NULL DEFAULT 0,
    floors    int NOT NULL DEFAULT 0,
    room      text NOT NULL DEFAULT '',
    layout    text NOT NULL DEFAULT '',
    area      bigint NOT NULL CHECK (area > 0),
    inner_area  bigint NOT NULL DEFAULT 0,
    shared_area bigint NOT NULL DEFAULT 0,
    use       text NOT NULL,
    home      boolean NOT NULL,                                -- counts as a home for taxes and fees
    structure text NOT NULL,
    nature    text NOT NULL DEFAULT '',                        -- 房屋性质
    built     date,
    version   bigint NOT NULL DEFAULT 0                        -- grows with each entry on the unit
);
CREATE INDEX unit_building ON register.unit (building);

-- A party is a document with the name that it bore: another name of the same person is another row, so that history stays true.
CREATE TABLE register.party (
    id         uuid PRIMARY KEY,
    district   text NOT NULL,
    kind       text NOT NULL,                                  -- 证件种类
    name       bytea NOT NULL,                                 -- sealed
    document   bytea NOT NULL,                                 -- sealed
    doc_index  bytea NOT NULL,
    name_index bytea NOT NULL,
    CONSTRAINT party_once UNIQUE (doc_index, name_index, kind, district)
);

-- An entry is one act on one page of the book, in one total order.
CREATE TABLE register.entry (
    id       uuid PRIMARY KEY,
    no       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    district text NOT NULL,
    unit     text NOT NULL REFERENCES register.unit,
    act      text NOT NULL CHECK (act IN ('first', 'transfer', 'mortgage', 'discharge', 'seize', 'queue', 'activate', 'renew', 'lift',
        'lapse', 'object', 'sue', 'withdraw', 'advance', 'fulfil', 'cancel', 'mirror', 'seed')),
    reg_type int NOT NULL,
    case_no  text NOT NULL DEFAULT '',
    source   text NOT NULL DEFAULT '',                         -- number of the paper that it rests on
    at       timestamptz NOT NULL,
    by_whom  text NOT NULL,                                    -- the registrar, or the court, or the clock
    note     text NOT NULL DEFAULT ''
);
CREATE INDEX entry_at ON register.entry (at);
CREATE INDEX entry_unit ON register.entry (unit, no);

CREATE TABLE register.title (
    id       uuid PRIMARY KEY,
    district text NOT NULL,
    unit     text NOT NULL REFERENCES register.unit,
    kind     text NOT NULL,                                    -- land.RightKind
    reg_type int NOT NULL,
    reason   text NOT NULL,                                    -- 登记原因
    co_own   text NOT NULL CHECK (co_own IN ('0', '1', '2', '3')),
    price    bigint CHECK (price > 0),                         -- fen
    taxed_on date,                                             -- of the deed-tax receipt
    entered  uuid NOT NULL REFERENCES register.entry,
    entered_at timestamptz NOT NULL,
    state    text NOT NULL CHECK (state IN ('1', '2', '3')),   -- 现势 历史 终止
    ended    uuid REFERENCES register.entry,
    ended_at timestamptz,
    CHECK ((state = '1') = (ended IS NULL) AND (ended IS NULL) = (ended_at IS NULL)),
    CHECK (ended_at >= entered_at)
);
CREATE UNIQUE INDEX title_one_current ON register.title (unit) WHERE state = '1';
CREATE INDEX title_unit ON register.title (unit, entered_at);

CREATE TABLE register.certificate (
    number   text PRIMARY KEY,
    district text NOT NULL,
    unit     text NOT NULL REFERENCES register.unit,
    year     int NOT NULL,
    issuing  text NOT NULL,
    proof    boolean NOT NULL,
    serial   int NOT NULL CHECK (serial BETWEEN 1 AND 9999999),
    mirrored boolean NOT NULL DEFAULT false,                   -- numbered by the district's own registry
    -- The one before must be there: what we number has no gaps.
    before   int GENERATED ALWAYS AS (CASE WHEN mirrored OR serial = 1 THEN NULL ELSE serial - 1 END) STORED,
    state    text NOT NULL DEFAULT 'valid' CHECK (state IN ('valid', 'superseded', 'cancelled', 'void')),
    issued_at timestamptz NOT NULL,
    CONSTRAINT certificate_serial UNIQUE (issuing, year, proof, serial),
    CONSTRAINT certificate_no_gap FOREIGN KEY (issuing, year, proof, before) REFERENCES register.certificate (issuing, year, proof, serial)
);
CREATE INDEX certificate_unit ON register.certificate (unit);

CREATE TABLE register.certificate_counter (
    issuing text NOT NULL,
    year    int NOT NULL,
    proof   boolean NOT NULL,
    last    int NOT NULL CHECK (last BETWEEN 0 AND 9999999),
    PRIMARY KEY (issuing, year, proof)
);

CREATE TABLE register.holder (
    id          uuid PRIMARY KEY,
    district    text NOT NULL,
    title       uuid NOT NULL REFERENCES register.title,
    seq         int NOT NULL,
    party       uuid NOT NULL REFERENCES register.party,
    share_num   bigint NOT NULL CHECK (share_num > 0),
    share_den   bigint NOT NULL CHECK (share_den >= share_num),
    certificate text REFERENCES register.certificate,          -- a developer's first registration has none
    phone       bytea,                                         -- sealed
    match_index bytea,                                         -- of certificate, name and document number together: the exact query
    UNIQUE (title, seq),
    UNIQUE (title, party)
);
CREATE INDEX holder_match ON register.holder (match_index);
CREATE INDEX holder_party ON register.holder (party);

CREATE TABLE register.mortgage (
    id          uuid PRIMARY KEY,
    district    text NOT NULL,
    unit        text NOT NULL REFERENCES register.unit,
    kind        text NOT NULL CHECK (kind IN ('1', '2')),      -- 一般 最高额
    mortgagee   uuid NOT NULL REFERENCES register.party,
    debtor      bytea NOT NULL,                                -- sealed name
    claim       bigint NOT NULL CHECK (claim > 0),             -- fen; of a maximum mortgage the maximum
    term_from   date NOT NULL,
    term_to     date NOT NULL CHECK (term_to >= term_from),
    scope       text NOT NULL DEFAULT '',                      -- 担保范围
    restricted  boolean NOT NULL,                              -- 存在禁止或限制转让的约定
    certificate text NOT NULL REFERENCES register.certificate,
    entered     uuid NOT NULL REFERENCES register.entry,
    entered_no  int NOT NULL,                                  -- order on the unit: ranks
    entered_at  timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('1', '3')),
    ended       uuid REFERENCES register.entry,
    ended_at    timestamptz,
    CHECK ((state = '1') = (ended IS NULL) AND (ended IS NULL) = (ended_at IS NULL)),
    UNIQUE (unit, entered_no)
);

CREATE TABLE register.seizure (
    id        uuid PRIMARY KEY,
    district  text NOT NULL,
    unit      text NOT NULL REFERENCES register.unit,
    body      text NOT NULL CHECK (body IN ('court', 'procuratorate', 'police', 'supervision', 'tax', 'customs', 'security')),
    court     text NOT NULL,
    order_no  text NOT NULL,                                   -- 裁定书文号
    notice_no text NOT NULL,                                   -- 协助执行通知书文号
    target    bytea NOT NULL,                                  -- sealed name of the one whose unit it is
    presale   boolean NOT NULL DEFAULT false,                  -- 预查封
    served_at timestamptz NOT NULL CHECK (served_at = date_trunc('minute', served_at)),
    months    int NOT NULL CHECK (months BETWEEN 1 AND 36),    -- ≤ 3 years, Judicial Interpretation of the Civil Procedure Law 485
    from_on   date,
    to_on     date CHECK (to_on >= from_on),
    state     text NOT NULL CHECK (state IN ('active', 'queued', 'lifted', 'lapsed')),
    entered   uuid NOT NULL REFERENCES register.entry,
    entered_no bigint NOT NULL,                                -- of the entry: breaks ties of the minute
    ended     uuid REFERENCES register.entry,
    ended_at  timestamptz,
    lifted_by text NOT NULL DEFAULT '',                        -- notice of the release
    CHECK ((state IN ('active', 'queued')) = (ended IS NULL) AND (ended IS NULL) = (ended_at IS NULL)),
    CHECK ((from_on IS NULL) = (to_on IS NULL)),
    CHECK (state <> 'active' OR from_on IS NOT NULL),
    CHECK (state <> 'queued' OR from_on IS NULL),
    CONSTRAINT seizure_once UNIQUE (unit, court, notice_no)
);
CREATE UNIQUE INDEX seizure_one_active ON register.seizure (unit) WHERE state = 'active';
CREATE INDEX seizure_unit ON register.seizure (unit, served_at);
CREATE INDEX seizure_term ON register.seizure (to_on) WHERE state = 'active';

CREATE TABLE register.objection (
    id          uuid PRIMARY KEY,
    district    text NOT NULL,
    unit        text NOT NULL REFERENCES register.unit,
    applicant   uuid NOT NULL REFERENCES register.party,
    reason      text NOT NULL,
    certificate text NOT NULL REFERENCES register.certificate,
    lapses_on   date NOT NULL,                                 -- 15 calendar days, Civil Code 220
    suit        text NOT NULL DEFAULT '',                      -- number of the suit that keeps it alive
    entered     uuid NOT NULL REFERENCES register.entry,
    entered_at  timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('active', 'lapsed', 'withdrawn')),
    ended       uuid REFERENCES register.entry,
    ended_at    timestamptz,
    CHECK ((state = 'active') = (ended IS NULL) AND (ended IS NULL) = (ended_at IS NULL))
);
CREATE INDEX objection_unit ON register.objection (unit);
CREATE INDEX objection_term ON register.objection (lapses_on) WHERE state = 'active';

CREATE TABLE register.advance (
    id          uuid PRIMARY KEY,
    district    text NOT NULL,
    unit        text NOT NULL REFERENCES register.unit,
    kind        text NOT NULL CHECK (kind IN ('1', '2', '3', '4')),
    holder      uuid NOT NULL REFERENCES register.party,
    price       bigint CHECK (price > 0),
    certificate text NOT NULL REFERENCES register.certificate,
    due_from    date,                                          -- when registration could be sought; lapses 90 days later, Civil Code 221
    entered     uuid NOT NULL REFERENCES register.entry,
    entered_at  timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('active', 'lapsed', 'fulfilled', 'cancelled')),
    ended       uuid REFERENCES register.entry,
    ended_at    timestamptz,
    CHECK ((state = 'active') = (ended IS NULL) AND (ended IS NULL) = (ended_at IS NULL))
);
CREATE INDEX advance_unit ON register.advance (unit);
CREATE INDEX advance_holder ON register.advance (holder);
CREATE INDEX advance_term ON register.advance (due_from) WHERE state = 'active';

CREATE TABLE register.reservation (
    id       uuid PRIMARY KEY,
    district text NOT NULL,
    unit     text NOT NULL REFERENCES register.unit,
    case_id  uuid NOT NULL,
    made_at  timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    ended_at timestamptz,
    why      text NOT NULL DEFAULT '' CHECK (why IN ('', 'released', 'expired', 'entered')),
    CHECK ((ended_at IS NULL) = (why = ''))
);
CREATE UNIQUE INDEX reservation_one_active ON register.reservation (unit) WHERE ended_at IS NULL;
CREATE INDEX reservation_case ON register.reservation (case_id);

-- Shares of a title: one sole holder of the whole; common holders of the whole each; shares that sum to exactly one. Exact, in
-- whole numbers over the least common multiple. Deferred: the holders come after their title.
-- +goose StatementBegin
CREATE FUNCTION register.check_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of  uuid;
    way text;
    n   int;
    whole int;
    common numeric := 1;
    total  numeric;
    den numeric;
BEGIN
    IF TG_TABLE_NAME = 'title' THEN
        of := NEW.id;
    ELSE
        of := NEW.title;
    END IF;
    SELECT co_own INTO way FROM register.title WHERE id = of;
    SELECT count(*), count(*) FILTER (WHERE share_num = share_den) INTO n, whole FROM register.holder WHERE title = of;
    IF n = 0 OR (way = '0' AND (n <> 1 OR whole <> 1)) OR (way = '1' AND (n < 2 OR whole <> n)) THEN
        RAISE EXCEPTION 'title % of kind % has % holders', of, way, n USING ERRCODE = 'check_violation', CONSTRAINT = 'title_shares';
    END IF;
    IF way = '2' THEN
        FOR den IN SELECT DISTINCT share_den FROM register.holder WHERE title = of LOOP
            common := lcm(common, den);
        END LOOP;
        SELECT sum(share_num * div(common, share_den)) INTO total FROM register.holder WHERE title = of;
        IF total <> common THEN
            RAISE EXCEPTION 'shares of title % sum to %/%', of, total, common USING ERRCODE = 'check_violation', CONSTRAINT = 'title_shares';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- A right never arises against a seizure in force, unless another registry entered it or the book was being loaded.
CREATE FUNCTION register.refuse_seized() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM register.seizure WHERE unit = NEW.unit AND state = 'active')
        AND NOT EXISTS (SELECT FROM register.entry WHERE id = NEW.entered AND act IN ('mirror', 'seed')) THEN
        RAISE EXCEPTION 'unit % is seized', NEW.unit USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_not_seized';
    END IF;
    RETURN NEW;
END $$;

-- History stays: rows are not deleted, and what has ended does not change, but for being sealed with a newer key.
CREATE FUNCTION register.keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.ended IS NULL AND NEW.id = OLD.id AND NEW.unit = OLD.unit AND NEW.entered = OLD.entered
            OR to_jsonb(NEW) - '{debtor,target}'::text[] = to_jsonb(OLD) - '{debtor,target}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the history of % is kept', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = 'history_kept';
END $$;

CREATE FUNCTION register.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - '{name,document,phone}'::text[] = to_jsonb(OLD) - '{name,document,phone}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER title_shares AFTER INSERT ON register.title DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION register.check_shares();
CREATE CONSTRAINT TRIGGER holder_shares AFTER INSERT ON register.holder DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION register.check_shares();
CREATE TRIGGER title_seized BEFORE INSERT ON register.title FOR EACH ROW EXECUTE FUNCTION register.refuse_seized();
CREATE TRIGGER mortgage_seized BEFORE INSERT ON register.mortgage FOR EACH ROW EXECUTE FUNCTION register.refuse_seized();
CREATE TRIGGER title_history BEFORE UPDATE OR DELETE ON register.title FOR EACH ROW EXECUTE FUNCTION register.keep_history();
CREATE TRIGGER mortgage_history BEFORE UPDATE OR DELETE ON register.mortgage FOR EACH ROW EXECUTE FUNCTION register.keep_history();
CREATE TRIGGER seizure_history BEFORE UPDATE OR DELETE ON register.seizure FOR EACH ROW EXECUTE FUNCTION register.keep_history();
CREATE TRIGGER objection_history BEFORE UPDATE OR DELETE ON register.objection FOR EACH ROW EXECUTE FUNCTION register.keep_history();
CREATE TRIGGER advance_history BEFORE UPDATE OR DELETE ON register.advance FOR EACH ROW EXECUTE FUNCTION register.keep_history();
CREATE TRIGGER entry_append BEFORE UPDATE OR DELETE ON register.entry FOR EACH ROW EXECUTE FUNCTION register.append_only();
CREATE TRIGGER party_append BEFORE UPDATE OR DELETE ON register.party FOR EACH ROW EXECUTE FUNCTION register.append_only();
CREATE TRIGGER holder_append BEFORE UPDATE OR DELETE ON register.holder FOR EACH ROW EXECUTE FUNCTION register.append_only();

-- +goose Down
DROP SCHEMA register CASCADE;
