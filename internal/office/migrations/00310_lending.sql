-- +goose Up
-- Applications that lenders make from systems of their own, and the files that they sent for them.
CREATE TABLE lender_applications (
    lender  text NOT NULL,                       -- code of the bank
    no      text NOT NULL,                       -- the bank's own number: sent twice, it is one application
    case_id uuid NOT NULL UNIQUE,
    digest  text NOT NULL,                       -- of the application as it came: the same number must be the same application
    at      timestamptz NOT NULL,
    PRIMARY KEY (lender, no)
);

CREATE TABLE lender_files (
    lender text NOT NULL,
    digest text NOT NULL,                        -- SM3 of the content; the content is with all other files
    name   bytea NOT NULL,                       -- sealed: people put names into it
    mime   text NOT NULL,
    size   bigint NOT NULL,
    pages  int NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (lender, digest)
);

-- +goose Down
DROP TABLE lender_files, lender_applications;
