internal import GRDB

/// The tables of the store. Migrations are appended, never edited.
///
/// Times are milliseconds since 1970, digests are 32 bytes of SHA-256.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 events, deliveries, refusals") { database in
            try database.execute(
                sql: """
                    CREATE TABLE account (
                        id INTEGER PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE
                    ) STRICT;

                    -- When each callback auth key of an account was last used, so that one sees when an old key is dead.
                    CREATE TABLE keyUse (
                        accountID INTEGER NOT NULL REFERENCES account (id),
                        keyIndex INTEGER NOT NULL,
                        lastUsedAt INTEGER NOT NULL,
                        PRIMARY KEY (accountID, keyIndex)
                    ) STRICT, WITHOUT ROWID;

                    -- One row a callback. What the body says is here once more so that lists need not read bodies.
                    CREATE TABLE event (
                        id INTEGER PRIMARY KEY,
                        accountID INTEGER NOT NULL REFERENCES account (id),
                        kind TEXT NOT NULL,
                        taskID TEXT,
                        taskType TEXT,
                        status TEXT,
                        reviewStatus TEXT,
                        project TEXT,
                        batch TEXT,
                        completedAt INTEGER,
                        changedAt INTEGER,
                        priorResponseCount INTEGER NOT NULL,
                        origin TEXT NOT NULL,
                        receivedAt INTEGER NOT NULL,
                        seen INTEGER NOT NULL DEFAULT 1 CHECK (seen > 0),
                        lastSeenAt INTEGER NOT NULL,
                        subject INTEGER NOT NULL,
                        fingerprint INTEGER NOT NULL,
                        fingerprintDigest BLOB NOT NULL CHECK (length(fingerprintDigest) = 32),
                        bodySize INTEGER NOT NULL,
                        bodySHA256 BLOB NOT NULL CHECK (length(bodySHA256) = 32)
                    ) STRICT;
                    -- Narrow on purpose: the first 8 bytes find the row, the whole digest in it decides. One index finds
                    -- repeats and everything about a task, see SubjectKey.
                    CREATE INDEX eventBySubject ON event (subject, fingerprint);

                    -- Apart from the facts, so that bodies can age out before them.
                    CREATE TABLE body (
                        eventID INTEGER PRIMARY KEY REFERENCES event (id) ON DELETE CASCADE,
                        bytes BLOB NOT NULL
                    ) STRICT;

                    CREATE TABLE handler (
                        id INTEGER PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE,
                        type TEXT NOT NULL,
                        createdAt INTEGER NOT NULL,
                        heldAt INTEGER,
                        heldReason TEXT,
                        CHECK ((heldAt IS NULL) = (heldReason IS NULL))
                    ) STRICT;

                    -- One row an event and handler. While it is pending, dueAt is when it may run; a lease moves dueAt
                    -- to the lease's end, so a lease that is not renewed becomes due again by itself.
                    CREATE TABLE delivery (
                        id INTEGER PRIMARY KEY,
                        eventID INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
                        handlerID INTEGER NOT NULL REFERENCES handler (id),
                        subject INTEGER NOT NULL,
                        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'completed', 'dead', 'cancelled')),
                        dueAt INTEGER NOT NULL,
                        leaseToken INTEGER,
                        attemptCount INTEGER NOT NULL DEFAULT 0,
                        failureCount INTEGER NOT NULL DEFAULT 0,
                        outcome TEXT,
                        failureClass TEXT,
                        summary TEXT,
                        settledAt INTEGER
                    ) STRICT;
                    CREATE INDEX deliveryByEvent ON delivery (eventID);
                    CREATE INDEX deliveryDue ON delivery (handlerID, dueAt, id) WHERE state = 'pending';
                    CREATE INDEX deliveryInOrder ON delivery (handlerID, subject, id) WHERE state = 'pending';
                    CREATE INDEX deliveryDead ON delivery (id) WHERE state = 'dead';

                    CREATE TABLE attempt (
                        deliveryID INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        startedAt INTEGER NOT NULL,
                        endedAt INTEGER,
                        outcome TEXT,
                        failureClass TEXT,
                        summary TEXT,
                        note TEXT,
                        detail TEXT,
                        PRIMARY KEY (deliveryID, number)
                    ) STRICT, WITHOUT ROWID;

                    -- The last refusals, a ring of bounded length, and how many there were an hour.
                    CREATE TABLE refusal (
                        id INTEGER PRIMARY KEY,
                        at INTEGER NOT NULL,
                        reason TEXT NOT NULL,
                        remote TEXT NOT NULL,
                        request TEXT NOT NULL,
                        bodySize INTEGER,
                        bodySHA256 BLOB,
                        firstBytes BLOB
                    ) STRICT;
                    CREATE TABLE refusalCount (
                        hour INTEGER NOT NULL,
                        reason TEXT NOT NULL,
                        count INTEGER NOT NULL,
                        PRIMARY KEY (hour, reason)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("2 smaller bodies") { database in
            try database.execute(
                sql: """
                    -- What bodies have in common, by which they are made smaller. Rows are never changed or removed.
                    CREATE TABLE dictionary (
                        id INTEGER PRIMARY KEY,
                        bytes BLOB NOT NULL,
                        -- The newest event when it was trained.
                        trainedAt INTEGER NOT NULL
                    ) STRICT;
                    INSERT INTO dictionary (id, bytes, trainedAt) VALUES (1, X'', 0);

                    -- Null: the bytes are as they were received.
                    ALTER TABLE body ADD COLUMN dictionaryID INTEGER REFERENCES dictionary (id);
                    """
            )
        }
        // Nothing that is there is changed, so the references of what may be many events need no check.
        migrator.registerMigration("3 queue clock, stretches of events", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: """
                    -- How far the queue's clock has come: a later start must not find due times far ahead of it.
                    CREATE TABLE queueClock (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        time INTEGER NOT NULL
                    ) STRICT;
                    INSERT INTO queueClock (id, time) VALUES (1, 0);

                    -- A stretch is 512 events: those whose number, divided by that, is its id. What is in it is noted
                    -- when it is full, so that a list of few among many events passes over the others. An index for each
                    -- column would cost every callback more than it is worth.
                    CREATE TABLE stretch (
                        id INTEGER PRIMARY KEY,
                        newestAt INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE stretchValue (
                        field TEXT NOT NULL,
                        value ANY NOT NULL,
                        stretchID INTEGER NOT NULL,
                        PRIMARY KEY (field, value, stretchID)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("4 claims, holds of all, modes, effects", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: """
                    -- What handlers did, or were about to do, that cannot be undone: the book by which limits are kept. It
                    -- outlives its event, so `eventID` and `deliveryID` refer to what may be gone.
                    CREATE TABLE claim (
                        id INTEGER PRIMARY KEY,
                        handlerID INTEGER NOT NULL REFERENCES handler (id),
                        -- Counts the claims of the handler from 1, so that the one of so many ago is found at once.
                        number INTEGER NOT NULL,
                        -- How many of these were rejects, this one included.
                        rejectCount INTEGER NOT NULL,
                        accountID INTEGER NOT NULL REFERENCES account (id),
                        subject INTEGER NOT NULL,
                        taskID TEXT,
                        eventID INTEGER NOT NULL,
                        deliveryID INTEGER NOT NULL,
                        verdict TEXT NOT NULL,
                        -- By the queue's clock.
                        claimedAt INTEGER NOT NULL
                    ) STRICT;
                    CREATE UNIQUE INDEX claimInOrder ON claim (handlerID, number);
                    CREATE INDEX claimBySubject ON claim (subject);

                    -- One row while every handler is held, also those that come later.
                    CREATE TABLE hold (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        heldAt INTEGER NOT NULL,
                        reason TEXT NOT NULL
                    ) STRICT;

                    -- What the handler is now, by a digest of its settings; what it was switched to, and for which settings.
                    ALTER TABLE handler ADD COLUMN digest BLOB;
                    ALTER TABLE handler ADD COLUMN mode TEXT CHECK (mode IN ('shadow', 'live'));
                    ALTER TABLE handler ADD COLUMN modeDigest BLOB;
                    ALTER TABLE handler ADD COLUMN modeAt INTEGER;
                    -- Whether a limit holds it, and from which claim on limits count.
                    ALTER TABLE handler ADD COLUMN isPastLimit INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE handler ADD COLUMN limitsFrom INTEGER NOT NULL DEFAULT 0;

                    -- Null: settled before this was noted, and then what was completed counts as one.
                    ALTER TABLE delivery ADD COLUMN hadEffect INTEGER;
                    -- Whether it is to have effects that an earlier delivery of the event had.
                    ALTER TABLE delivery ADD COLUMN repeatsEffects INTEGER NOT NULL DEFAULT 0;
                    """
            )
        }
        return migrator
    }
}
