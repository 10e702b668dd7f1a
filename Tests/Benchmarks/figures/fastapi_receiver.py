"""A receiver as it is often written: FastAPI on uvicorn, and SQLite that has synced before the answer leaves."""

import hmac
import json
import os
import sqlite3

from fastapi import FastAPI, HTTPException, Request

KEY = os.environ["CALLBACK_AUTH_KEY"]

app = FastAPI()
database = sqlite3.connect("events.db", isolation_level=None, check_same_thread=False)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.execute(
    """
    CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY,
        received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
        task_id TEXT NOT NULL,
        status TEXT NOT NULL,
        body BLOB NOT NULL
    )
    """
)
database.execute("CREATE INDEX IF NOT EXISTS event_by_task ON event (task_id)")


@app.post("/callbacks")
async def receive(request: Request):
    if not hmac.compare_digest(request.headers.get("scale-callback-auth", ""), KEY):
        raise HTTPException(401)
    body = await request.body()
    try:
        callback = json.loads(body)
        task_id, status = callback["task_id"], callback["status"]
    except (KeyError, TypeError, ValueError):
        raise HTTPException(400) from None
    # Without an open transaction this commits and syncs before it returns.
    database.execute("INSERT INTO event (task_id, status, body) VALUES (?, ?, ?)", (task_id, status, body))
    return {"ok": True}
