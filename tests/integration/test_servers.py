# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers: InfluxDB 1.6.7 with and without authentication, over TLS and over a Unix socket, killed and broken; VictoriaMetrics;
and what stands between: headers and proxies."""

import time
import unittest
from email.utils import formatdate

from support import agent as program
from support.certificates import Authority
from support.delivery_case import DeliveryCase, ticks_on_time, ticks_taken
from support.proxy import Proxy
from support.victoria_metrics import VictoriaMetrics
from support.waiting import wait_until



class ServerCase(DeliveryCase):
    def assert_delivers(self, influx, *arguments, env=None, url=None, db="lxc"):
        agent = self.deliver_to(url or influx.url, *arguments, env=env)
        self.wait_for_ticks(agent, 4)
        self.drained_and_stopped(agent)
        self.assert_in_influx(influx, agent.stderr, db)
        self.assertEqual(self.spool(agent).segments(), [])
        return agent

    def assert_fails(self, url, words, *arguments, env=None):
        """The agent says these words, once, and keeps its points in the spool."""
        agent = self.deliver_to(url, *arguments, env=env)
        agent.wait_for(lambda: self.lines_with(agent, "fails"), what="the failure in the log")
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 3, what="three ticks in the spool")
        (line,) = self.lines_with(agent, "fails")
        self.assertRegex(line, words)
        self.stopped(agent)
        self.assertEqual(set(ticks_on_time(agent.stderr)) - set(self.spool(agent).times()), set())
        return line


class Influx(ServerCase):
    def test_with_authentication(self):
        influx = self.own_influxd(auth=True)
        influx.execute("CREATE DATABASE lxc")
        influx.execute("CREATE USER writer WITH PASSWORD 'w:riter'")
        influx.execute("GRANT WRITE ON lxc TO writer")
        password = self.file("password", "w:riter\n")
        self.assert_delivers(influx, "--influx-user", "writer", "--influx-password-file", password)
        self.assert_fails(influx.url, "HTTP 401", "--influx-user", "writer", "--influx-password-file", self.file("wrong", "no\n"))
        self.assert_fails(influx.url, "HTTP 40[13]")
        # This user may write to that database and no other.
        self.assert_fails(influx.url, "HTTP 403", "--influx-user", "writer", "--influx-password-file", password, "--influx-db", "other")

    def test_without_authentication(self):
        influx = self.own_influxd()
        agent = self.assert_delivers(influx)
        self.assertRegex(agent.stderr, r"InfluxDB 1\.6\.7")

    def test_a_retention_policy(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")
        influx.execute('CREATE RETENTION POLICY "two weeks" ON lxc DURATION 14d REPLICATION 1')
        agent = self.deliver_to(influx.url, "--influx-rp", "two weeks")
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        self.assertEqual(influx.rows("lxc_cpu"), [])
        count = influx.execute('SELECT count(usage_usec) FROM "two weeks".lxc_cpu', "lxc")["series"][0]["values"][0][1]
        self.assertEqual(count, len(ticks_taken(agent.stderr)) * len(self.containers))
        self.assert_fails(influx.url, "retention policy", "--influx-rp", "nobody's")

    def test_a_unix_socket(self):
        influx = self.own_influxd()
        self.assert_delivers(influx, url=influx.unix_url)
        missing = self.path("no-socket")
        self.assert_fails(f"unix://{missing}", str(missing))
        self.assert_fails(f"unix://{self.file('a-file')}", "a-file")

    def test_sigkill_and_a_new_start(self):
        influx = self.own_influxd()
        agent = self.deliver_to(influx.url)
        for _ in range(3):
            self.wait_for_ticks(agent, 3)
            influx.kill()
            self.wait_for_ticks(agent, 3)
            agent.wait_for(lambda: self.spool(agent).times(), what="points in the spool")
            influx.start()
            newest = time.time_ns()
            agent.wait_for(lambda n=newest: [row for row in influx.rows("lxc_cpu") if row.time > n], 20, "a delivery")
        self.assert_spool_empty(agent)
        self.drained_and_stopped(agent)
        self.assert_in_influx(influx, agent.stderr)

    def test_a_database_that_is_dropped_is_made_again(self):
        influx = self.own_influxd()
        agent = self.deliver_to(influx.url)
        for _ in range(2):
            agent.wait_for(lambda: influx.rows("lxc_cpu"), 20, "a delivery")
            influx.execute("DROP DATABASE lxc")
            newest = time.time_ns()
            agent.wait_for(lambda n=newest: [row for row in influx.rows("lxc_cpu") if row.time > n], 20, "points after the loss")
        self.drained_and_stopped(agent)
        self.assertEqual(self.lines_with(agent, "fails"), [])

    def test_a_folder_that_has_become_read_only(self):
        influx = self.own_influxd()
        agent = self.deliver_to(influx.url)
        self.wait_for_ticks(agent, 3)
        influx.set_read_only(True)
        self.addCleanup(influx.set_read_only, False)
        agent.wait_for(lambda: self.lines_with(agent, "fails", "HTTP 500"), what="500 in the log")
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 5, what="five ticks in the spool")
        influx.set_read_only(False)
        influx.stop()
        influx.start()
        self.assert_spool_empty(agent)
        self.drained_and_stopped(agent)
        self.assert_in_influx(influx, agent.stderr)


class Tls(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.workspace.folder("ca"))
        cls.stranger = Authority(cls.workspace.folder("other-ca"), "it-stranger")
        cls.pair = cls.authority.issue("it-server")
        cls.influx = cls.start_influxd(pair=cls.pair)

    def setUp(self):
        self.db = self._testMethodName

    def arguments(self, *more):
        return super().arguments("--influx-db", self.db, *more)

    def test_a_good_chain(self):
        self.assert_delivers(self.influx, "--tls-ca", self.authority.certificate, db=self.db)

    def test_the_name_and_not_only_the_address(self):
        url = self.influx.url.replace("127.0.0.1", "localhost")
        self.assert_delivers(self.influx, "--tls-ca", self.authority.certificate, url=url, db=self.db)

    def test_a_chain_that_nobody_vouches_for(self):
        unknown = self.assert_fails(self.influx.url, "(?i)certificate")
        other = self.assert_fails(self.influx.url, "(?i)certificate", "--tls-ca", self.stranger.certificate)
        for line in (unknown, other):
            self.assertIn("--tls-ca", line)
        self.assertEqual(self.influx.databases() & {self.db}, set())

    def test_without_looking(self):
        agent = self.assert_delivers(self.influx, "--tls-insecure", db=self.db)
        self.assertTrue(self.lines_with(agent, "warn", "--tls-insecure"), agent.stderr)

    def server_with(self, pair, **more):
        return self.fault_server(tls=self.authority.server_context(pair, **more))

    def test_the_wrong_name(self):
        server = self.server_with(self.authority.issue("it-elsewhere", "DNS:elsewhere.example"))
        line = self.assert_fails(server.url, "(?i)name", "--tls-ca", self.authority.certificate)
        self.assertIn("127.0.0.1", line)
        self.assertEqual(server.requests(), [])

    def test_an_expired_certificate(self):
        server = self.server_with(self.authority.issue("it-old", days=-1))
        self.assert_fails(server.url, "(?i)expired", "--tls-ca", self.authority.certificate)

    def test_a_client_certificate(self):
        server = self.server_with(self.pair, want_client=True)
        trust = ("--tls-ca", self.authority.certificate)
        self.assert_fails(server.url, "--tls-cert", *trust)
        stranger = self.stranger.issue("it-stranger-client")
        self.assert_fails(server.url, "(?i)certificate", *trust, "--tls-cert", stranger.certificate, "--tls-key", stranger.key)
        self.assertEqual(server.requests(), [])
        client = self.authority.issue("it-client")
        agent = self.deliver_to(server.url, *trust, "--tls-cert", client.certificate, "--tls-key", client.key)
        self.wait_for_ticks(agent, 3)
        self.drained_and_stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_http_where_https_is_spoken_and_the_other_way(self):
        self.assert_fails(self.influx.url.replace("https:", "http:"), "(?i)https")
        plain = self.fault_server()
        self.assert_fails(plain.url.replace("http:", "https:"), "(?i)http:|plain|TLS", "--tls-ca", self.authority.certificate)


class Others(ServerCase):
    def test_victoria_metrics(self):
        server = VictoriaMetrics(self.workspace)
        self.addCleanup(server.stop)
        server.start()
        for api in (("--influx-api", "auto"), ("--influx-api", "v2", "--influx-org", "o", "--influx-bucket", "b")):
            with self.subTest(api):
                agent = self.deliver_to(server.url, "--tag", f"api={api[1]}", *api)
                self.wait_for_ticks(agent, 4)
                self.stopped(agent)
                ticks = [moment // 1_000_000 for moment in ticks_on_time(agent.stderr)]
                for container in self.containers:
                    def series(container=container, api=api):
                        return server.series("lxc_cpu_usage_usec", container=container.name, api=api[1])
                    wait_until(lambda s=series, t=ticks: s() and set(t) <= set(s()[0][1]), 15, "all ticks to be readable", series)
                    ((_, times, values),) = series()
                    self.assertEqual(len(times), len(set(times)))
                    self.assertEqual(values, sorted(values), "a counter")

    def test_headers(self):
        server = self.recorder()
        agent = self.deliver_to(server.url, "--influx-header", "X-Scope-OrgID: tenant 1", "--influx-header", "X-Key: s3cret")
        agent.wait_for(server.writes, what="a request")
        self.stopped(agent)
        headers = server.writes()[0].headers
        self.assertEqual((headers["x-scope-orgid"], headers["x-key"]), ("tenant 1", "s3cret"))
        self.assertNotIn("s3cret", agent.stderr)

    def test_no_gzip(self):
        server = self.recorder()
        agent = self.deliver_to(server.url, "--influx-gzip", "off")
        agent.wait_for(server.writes, what="a request")
        self.stopped(agent)
        self.assertEqual({request.headers.get("content-encoding") for request in server.writes()}, {None})
        self.assert_delivered_once(server.delivered(), agent.stderr)


class Clock(ServerCase):
    def check(self, url):
        return program.run(*self.arguments("check", "--influx-url", url))

    def test_a_server_whose_clock_is_an_hour_ahead(self):
        server = self.recorder()
        server.answer = lambda _: (204, {"Date": formatdate(time.time() + 3600, usegmt=True)}, b"")
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: len(server.delivered()) >= 5, 20, "five deliveries")
        self.drained_and_stopped(agent)
        (line,) = self.lines_with(agent, "clock of this host")
        self.assertRegex(line, f"{server.url}: the clock of this host is 3[56][0-9][0-9] s behind the server's")
        self.assert_delivered_once(server.delivered(), agent.stderr)
        checked = self.check(server.url)
        self.assertEqual(checked.returncode, 1, checked)
        self.assertRegex(checked.stdout, "(?m)^FAIL  clock .* s behind the server's: synchronize both")
        self.assertEqual(checked.stdout.count("FAIL"), 1, checked.stdout)

    def test_the_real_server(self):
        influx = self.own_influxd()
        agent = self.assert_delivers(influx)
        self.assertEqual(self.lines_with(agent, "clock of this host"), [])
        self.assertRegex(self.check(influx.url).stdout, "(?m)^ok    clock .* agree$")


class Proxies(ServerCase):
    def proxy(self, **more):
        proxy = Proxy(**more)
        self.addCleanup(proxy.close)
        return proxy

    def test_by_option_and_by_environment(self):
        influx = self.own_influxd()
        for arguments, env in ((lambda p: ("--influx-proxy", p.url), lambda _: None), (lambda _: (), lambda p: {"http_proxy": p.url})):
            proxy = self.proxy()
            self.assert_delivers(influx, *arguments(proxy), env=env(proxy))
            self.assertTrue(proxy.asked)
            self.assertTrue(all(f"127.0.0.1:{influx.port}" in target for _, target in proxy.asked), proxy.asked)

    def test_a_tunnel_for_tls(self):
        authority = Authority(self.workspace.folder(f"ca-{self._testMethodName}"))
        influx = self.own_influxd(pair=authority.issue("it-server"))
        for arguments, env in ((lambda p: ("--influx-proxy", p.url), lambda _: None), (lambda _: (), lambda p: {"https_proxy": p.url})):
            proxy = self.proxy()
            self.assert_delivers(influx, "--tls-ca", authority.certificate, *arguments(proxy), env=env(proxy))
            self.assertEqual(set(proxy.asked), {("CONNECT", f"127.0.0.1:{influx.port}")})

    def test_no_proxy(self):
        influx, proxy = self.own_influxd(), self.proxy()
        self.assert_delivers(influx, env={"http_proxy": proxy.url, "no_proxy": "127.0.0.1"})
        self.assertEqual(proxy.asked, [])

    def test_a_proxy_that_refuses_or_is_not_there(self):
        server = self.recorder()
        self.assert_fails(server.url, "407.*proxy", "--influx-proxy", self.proxy(refuse=407).url)
        gone = Proxy()
        gone.close()
        line = self.assert_fails(server.url, "(?i)proxy", "--influx-proxy", gone.url)
        self.assertIn(str(gone.port), line)
        self.assertEqual(server.requests(), [])


if __name__ == "__main__":
    unittest.main()
