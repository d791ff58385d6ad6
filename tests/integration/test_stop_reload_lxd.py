# SPDX-License-Identifier: GPL-2.0-or-later
"""A reload while LXD does not answer: what it has said before still holds."""

import json
import signal
import socketserver
import threading
import unittest

from support.agent import Agent
from support.case import HOST, LabCase


class FakeLxd:
    """LXD's folder, with two containers of which its daemon knows one, `web`. The daemon answers until it hangs."""

    VERSION = {"api_extensions": ["instance_all_projects"], "environment": {"server_name": "me", "server_clustered": False}}
    INSTANCES = ({"name": "web", "type": "container", "project": "default", "expanded_config": {}},)

    def __init__(self, folder):
        self.lxcpath, self.hangs, self._ends = folder / "containers", threading.Event(), threading.Event()
        for name in ("database", "containers/web", "containers/ghost"):
            (folder / name).mkdir(parents=True)
        self._server = socketserver.ThreadingUnixStreamServer(str(folder / "unix.socket"), self._handler_class())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler_class(daemon):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                target = self.rfile.readline().split()[1]
                if daemon.hangs.is_set():
                    daemon._ends.wait()
                    return
                body = json.dumps({"metadata": daemon.INSTANCES if b"/instances" in target else daemon.VERSION})
                self.wfile.write(f"HTTP/1.0 200 OK\r\n\r\n{body}".encode())
        return Handler

    def close(self):
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()


class WhileLxdHangs(LabCase):
    def test_tag(self):
        """The agent that reads its settings again knows which containers have left, and does not wait."""
        lxd = FakeLxd(self.path("lxd"))
        self.addCleanup(lxd.close)
        points, settings = self.path("p.jsonl"), self.file("s.toml", 'tag = ["site=before"]\n')
        agent = Agent(self.workspace, "--config", settings, "--lxcpath", lxd.lxcpath, "--host", HOST, "--interval", "200ms",
                      "--json-file", points)
        self.addCleanup(agent.kill)

        def states(site):
            lines = [json.loads(line) for line in points.read_text().splitlines(keepends=True) if line.endswith("\n")] if points.exists() else []
            return [line["tags"] for line in lines if line["name"] == "lxc_state" and line["tags"].get("site") == site]

        agent.wait_for(lambda: "ghost of" in agent.stderr and states("before"))
        self.assertIn("its manager has it no more", agent.stderr)
        lxd.hangs.set()
        settings.write_text('tag = ["site=after"]\n')
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: len(states("after")) >= 5, what="points with the new tag")
        self.assertEqual({tags["container"] for tags in states("after")}, {"web"})
        self.assertEqual(agent.stderr.count("its manager has it no more"), 1)
        self.assertEqual(agent.stop().returncode, 0)


if __name__ == "__main__":
    unittest.main()
