"""The central design: one FastAPI service (uvicorn, one worker) that keeps projects in PostgreSQL and tells of heartbeats over
NATS. Written as such services are: a pool of connections, an index where one is looked up by, prepared statements (asyncpg makes
them by itself), models that check what comes in and shape what goes out. Debian has no NATS client for Python: publishing is one
line of its text protocol, sent over a connection that stays."""

import asyncio
import json
import os
from datetime import datetime, timezone
from typing import List, Optional
from urllib.parse import urlparse

import asyncpg
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

schema = """
create table if not exists projects (
  id bigserial primary key,
  slug text not null unique,
  name text not null,
  hub_url text,
  mesh_namespace text not null,
  tags text[] not null default '{}',
  status text not null default 'offline',
  last_heartbeat_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
)
"""


class Registration(BaseModel):
    slug: str = Field(regex="^[a-z0-9-]{1,50}$")
    name: Optional[str] = None
    hub_url: Optional[str] = None
    mesh_namespace: Optional[str] = None
    tags: List[str] = []


class Project(BaseModel):
    id: int
    slug: str
    name: str
    hub_url: Optional[str]
    mesh_namespace: str
    tags: List[str]
    status: str
    last_heartbeat_at: Optional[datetime]
    created_at: datetime
    updated_at: datetime


class Heartbeat(BaseModel):
    status: str = "online"
    version: Optional[str] = None


class Nats:
    """Publishes, and answers the server's PING."""

    async def connect(self, url: str) -> None:
        where = urlparse(url)
        reader, self.writer = await asyncio.open_connection(where.hostname, where.port)
        self.writer.write(b'CONNECT {"verbose":false}\r\n')
        self.reading = asyncio.create_task(self.read(reader))

    async def read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"PING"):
                self.writer.write(b"PONG\r\n")

    def publish(self, subject: str, body: bytes) -> None:
        self.writer.write(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(body), body))


app = FastAPI()
nats = Nats()


@app.on_event("startup")
async def start() -> None:
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=5, max_size=20)
    await app.state.pool.execute(schema)
    await nats.connect(os.environ["NATS_URL"])


@app.post("/api/fed/projects", status_code=201, response_model=Project)
async def register(said: Registration):
    row = await app.state.pool.fetchrow(
        """insert into projects (slug, name, hub_url, mesh_namespace, tags) values ($1, $2, $3, $4, $5)
        on conflict (slug) do update set name = excluded.name, hub_url = excluded.hub_url,
        mesh_namespace = excluded.mesh_namespace, tags = excluded.tags, updated_at = now() returning *""",
        said.slug,
        said.name or said.slug,
        said.hub_url,
        said.mesh_namespace or f"hub.{said.slug}",
        said.tags,
    )
    return dict(row)


@app.get("/api/fed/projects", response_model=List[Project])
async def projects():
    return [dict(row) for row in await app.state.pool.fetch("select * from projects order by slug")]


@app.get("/api/fed/projects/{slug}", response_model=Project)
async def project(slug: str):
    row = await app.state.pool.fetchrow("select * from projects where slug = $1", slug)
    if row is None:
        raise HTTPException(404, "no such project")
    return dict(row)


@app.post("/api/fed/projects/{slug}/heartbeat", status_code=202)
async def heartbeat(slug: str, said: Heartbeat):
    now = datetime.now(timezone.utc)
    done = await app.state.pool.execute(
        "update projects set status = $2, last_heartbeat_at = $3 where slug = $1", slug, said.status, now
    )
    if done == "UPDATE 0":
        raise HTTPException(404, "no such project")
    nats.publish(f"hub.presence.{slug}", json.dumps({"slug": slug, "at": now.isoformat(), **said.dict()}).encode())
    return {"slug": slug, "status": said.status}
