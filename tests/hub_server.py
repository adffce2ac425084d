"""A Hub on this machine: what the real client asks of the real one, and troubles on demand.

    GET, HEAD  /{repo}/resolve/{revision}/{file}     commit and etag in headers; weights are large
               files: they are sent on to another host, as the Hub does
    GET        /api/models/{repo}/revision/{revision}
    POST       /api/repos/create, /api/models/{repo}/branch/{branch}, /api/validate-yaml
    POST       /api/models/{repo}/preupload/{branch}, /{repo}.git/info/lfs/objects/batch
    PUT        /lfs/{sha256}                            a large file, before its commit
    POST       /api/models/{repo}/commit/{branch}       all files of a commit, or none

As a program, ``python tests/hub_server.py FOLDER owner/name``, it serves the files of a folder,
says its address and the commit, and dies in the middle of the first large file.
"""

import base64
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Files = dict[str, bytes]
LARGE = ".safetensors"  # stored apart, by their sha256


@dataclass
class Repo:
    commits: dict[str, Files] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False

    def commit(self, files: Files, branch: str = "main") -> str:
        """Adds files on top of the branch; the new commit."""
        whole = {**self.commits.get(self.branches.get(branch, ""), {}), **files}
        listing = [(name, sha256(data).hexdigest()) for name, data in sorted(whole.items())]
        told = json.dumps([self.branches.get(branch), len(self.commits), listing])
        name = sha1(told.encode()).hexdigest()
        self.commits[name] = whole
        self.branches[branch] = name
        return name


Trouble = Callable[["Handler"], bool]  # True: the request was answered, or is not to be


class Hub:
    """The state of the server. ``trouble`` sees every request first."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.large: Files = {}
        self.token = "hf_thisisthetokenofthetest"
        self.asked: list[tuple[str, str, bool]] = []  # method, path, with a token?
        self.trouble: Trouble | None = None
        self.gone = threading.Event()  # set when the test is over: nobody hangs on
        self.url = self.storage = ""

    def add(self, name: str, files: Files) -> str:
        return self.repos.setdefault(name, Repo()).commit(files)

    def count(self, method: str, what: str) -> int:
        return sum(m == method and what in path for m, path, _ in self.asked)


@contextmanager
def serving() -> Iterator[Hub]:
    hub = Hub()
    kind = type("Bound", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.storage = f"http://localhost:{server.server_port}"  # to the client this is another host
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # a client that was stopped
            self.close_connection = True

    def route(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert "chunked" not in self.headers.get("Transfer-Encoding", "")
        self.hub.asked.append((self.command, self.path, "Authorization" in self.headers))
        if self.hub.trouble is not None and self.hub.trouble(self):
            return
        path = self.path.partition("?")[0]
        for method, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and self.command in method:
                answer(self, *found.groups())
                return
        self.fail(404, "EntryNotFound")

    do_GET = do_HEAD = do_POST = do_PUT = route

    # -- answers --

    def send(self, status: int, data: bytes = b"", **headers: str) -> None:
        self.begin(status, len(data), **headers)
        if self.command != "HEAD":
            self.wfile.write(data)

    def begin(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def json(self, value: object, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), Content_Type="application/json")

    def fail(self, status: int, code: str = "", message: str = "") -> None:
        self.send(status, X_Error_Code=code, X_Error_Message=message or code or f"error {status}")

    def cut(self) -> None:
        """The connection ends here."""
        self.wfile.flush()
        self.close_connection = True

    # -- reading --

    def repo(self, name: str, *, write: bool = False) -> Repo | None:
        """The repository, if it is there and whoever asks may see it."""
        token = self.headers.get("Authorization")
        good = token == f"Bearer {self.hub.token}"
        if token and not good:
            self.fail(401, message="Invalid credentials in Authorization header")
            return None
        repo = self.hub.repos.get(name)
        if not good and (write or repo is None or repo.private):
            self.fail(401, message="Invalid username or password.")
            return None
        if repo is None:
            self.fail(404, "RepoNotFound")
        return repo

    def at(self, repo: Repo, revision: str) -> str | None:
        commit = repo.branches.get(revision, revision)
        if commit not in repo.commits:
            self.fail(404, "RevisionNotFound")
            return None
        return commit

    def resolve(self, name: str, revision: str, file: str) -> None:
        if (repo := self.repo(name)) is None or (commit := self.at(repo, revision)) is None:
            return
        data = repo.commits[commit].get(file)
        if data is None:
            self.send(404, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        elif file.endswith(LARGE):
            oid = sha256(data).hexdigest()
            self.hub.large[oid] = data
            self.send(
                302, X_Repo_Commit=commit, X_Linked_Etag=f'"{oid}"', X_Linked_Size=str(len(data)),
                Location=f"{self.hub.storage}/lfs/{oid}",
            )  # fmt: skip
        else:
            etag = sha1(b"blob %d\0" % len(data) + data).hexdigest()
            self.send(200, data, X_Repo_Commit=commit, ETag=f'"{etag}"')

    def info(self, name: str, revision: str) -> None:
        if (repo := self.repo(name)) is None or (commit := self.at(repo, revision)) is None:
            return
        files = [{"rfilename": file} for file in sorted(repo.commits[commit])]
        self.json({"id": name, "sha": commit, "private": repo.private, "siblings": files})

    def storage(self, oid: str) -> None:
        """A large file, or the part of it that is asked for."""
        assert "Authorization" not in self.headers, "the token went to another host"
        if self.command == "PUT":
            right = sha256(self.body).hexdigest() == oid
            if right:
                self.hub.large[oid] = self.body
            self.send(200 if right else 400)
            return
        data = self.hub.large[oid]
        part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if part is None:
            self.send(200, data)
        else:
            start = int(part[1])
            about = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self.send(206, data[start:], Content_Range=about)

    # -- writing --

    def create(self) -> None:
        ask = json.loads(self.body)
        name = f"{ask['organization']}/{ask['name']}"
        there = name in self.hub.repos
        if not there:
            self.hub.repos[name] = Repo(private=ask.get("visibility") == "private")
        if self.repo(name, write=True) is None:
            if not there:
                del self.hub.repos[name]
            return
        if not there:
            self.hub.repos[name].commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        self.json({"url": f"{self.hub.url}/{name}", "id": name}, 409 if there else 200)

    def branch(self, name: str, branch: str) -> None:
        if (repo := self.repo(name, write=True)) is None:
            return
        if branch in repo.branches:
            self.json({"error": "Reference already exists"}, 409)
            return
        repo.branches[branch] = repo.branches["main"]
        self.json({})

    def yaml(self) -> None:
        """The Hub wants to know the licence, and no tag twice."""
        text = json.loads(self.body)["content"]
        front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        good = front is not None and re.search(r'^license: "[a-z0-9.-]+"$', front[1], re.MULTILINE)
        errors = [] if good else [{"message": '"license" must be one of the list'}]
        self.json({"errors": errors, "warnings": []}, 200 if good else 400)

    def preupload(self, name: str, branch: str) -> None:
        if (repo := self.repo(name, write=True)) is None or self.at(repo, branch) is None:
            return
        self.json(
            {
                "files": [
                    dict(
                        path=file["path"],
                        uploadMode="lfs" if file["path"].endswith(LARGE) else "regular",
                        shouldIgnore=False,
                    )
                    for file in json.loads(self.body)["files"]
                ]
            }
        )

    def batch(self, name: str) -> None:
        if self.repo(name, write=True) is None:
            return
        objects = []
        for thing in json.loads(self.body)["objects"]:
            put = {"upload": {"href": f"{self.hub.storage}/lfs/{thing['oid']}"}}
            there = thing["oid"] in self.hub.large
            objects.append(dict(thing) if there else dict(thing, actions=put))
        self.json({"transfer": "basic", "objects": objects})

    def commit(self, name: str, branch: str) -> None:
        if (repo := self.repo(name, write=True)) is None:
            return
        lines = [json.loads(line) for line in self.body.splitlines()]
        head = next(line["value"] for line in lines if line["key"] == "header")
        if head.get("parentCommit") not in (None, repo.branches[branch]):
            self.json({"error": "A commit has happened since."}, 412)
            return
        files: Files = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
        new = repo.commit(files, branch)
        self.json({"commitUrl": f"{self.hub.url}/{name}/commit/{new}", "commitOid": new})


NAME = r"([^/]+/[^/]+)"
ROUTES: list[tuple[tuple[str, ...], str, Callable]] = [
    (("GET", "HEAD"), rf"/{NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
    (("GET", "PUT"), r"/lfs/([0-9a-f]{64})", Handler.storage),
    (("GET",), rf"/api/models/{NAME}/revision/([^/]+)", Handler.info),
    (("POST",), "/api/repos/create", Handler.create),
    (("POST",), "/api/validate-yaml", Handler.yaml),
    (("POST",), rf"/api/models/{NAME}/branch/([^/]+)", Handler.branch),
    (("POST",), rf"/api/models/{NAME}/preupload/([^/]+)", Handler.preupload),
    (("POST",), rf"/{NAME}.git/info/lfs/objects/batch", Handler.batch),
    (("POST",), rf"/api/models/{NAME}/commit/([^/]+)", Handler.commit),
]


def main(folder: Path, name: str) -> None:
    """Serves the files of a folder, and dies in the middle of the first large one."""

    def die(handler: Handler) -> bool:
        if "/lfs/" not in handler.path:
            return False
        data = hub.large[handler.path[-64:]]
        handler.begin(200, len(data))
        handler.wfile.write(data[: len(data) // 2])
        handler.wfile.flush()
        time.sleep(0.2)  # the half arrives
        os._exit(1)

    with serving() as hub:
        commit = hub.add(name, {path.name: path.read_bytes() for path in folder.iterdir()})
        hub.trouble = die
        sys.stdout.write(f"{hub.url} {commit}\n")
        sys.stdout.flush()
        time.sleep(300)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
