"""The service on a real systemd, booted in namespaces; skipped where that cannot be."""

from __future__ import annotations

import time

from tests.systemd.conftest import KEY, RULES, SECRET, Machine, lines


def test_it_is_ready_and_says_what_it_does(machine: Machine) -> None:
    """The ten lines of the docs lead to a service that is active, and whose status is words on polls."""
    machine.out("systemctl stop watcher && rm -f /var/lib/watcher/* && systemctl start watcher")
    assert machine.property("ActiveState") == "active"
    machine.until(lambda: "all well" in machine.property("StatusText"))
    status = machine.property("StatusText")
    assert status.startswith("1 watch; last poll ") and "next poll" in status
    assert "baseline" in machine.journal() and machine.run("watcher status").returncode == 0


def test_log_lines_have_levels_and_no_time_or_secret(machine: Machine) -> None:
    """journald knows the level of each line, neither key nor URL is in the journal, and systemd knows every key."""
    machine.serving()
    assert machine.out("systemd-analyze verify /etc/systemd/system/watcher*.service 2>&1") == ""
    machine.until(lambda: "Watching all" in machine.journal())
    shown = machine.out("journalctl -q -u watcher -o json --output-fields=PRIORITY,MESSAGE | grep 'Watching all'")
    assert '"PRIORITY":"6"' in shown and '"MESSAGE":"Watching all' in shown
    whole = machine.out(
        "journalctl -q -o cat --no-pager -u 'watcher*'; systemctl status watcher; systemctl show watcher"
    )
    assert SECRET not in whole


def test_reload_takes_a_good_file(machine: Machine) -> None:
    """`systemctl reload` brings a new watch in, in the same process."""
    machine.serving()
    before = machine.property("MainPID")
    machine.write("/etc/watcher/rules.yaml", RULES.replace("{all:", "{coal: {filter: {commodity_type: Coal}}, all:"))
    machine.out("systemctl reload watcher")
    machine.until(lambda: "2 watches" in machine.property("StatusText"))
    assert machine.property("MainPID") == before


def test_reload_refuses_a_bad_file(machine: Machine) -> None:
    """`systemctl reload` fails, the journal names the mistake, and the old configuration goes on."""
    machine.serving()
    before = machine.property("MainPID")
    machine.write("/etc/watcher/rules.yaml", RULES.replace("to: [desk]", "to: [dusk]"))
    assert machine.run("systemctl reload watcher").returncode != 0
    assert "unknown target `dusk`" in machine.journal()
    assert (machine.property("ActiveState"), machine.property("MainPID")) == ("active", before)
    assert "1 watch" in machine.property("StatusText")


def test_a_hung_service_is_killed_and_started_again(machine: Machine) -> None:
    """The watchdog hears nothing from a stopped process: it is another process soon, and ready."""
    machine.serving()
    before = machine.property("MainPID")
    machine.out(f"kill -STOP {before}")
    machine.until(lambda: machine.property("MainPID") not in {before, "0"})
    machine.until(lambda: machine.property("ActiveState") == "active")
    assert machine.property("NRestarts") != "0"


def test_a_killed_service_is_started_again(machine: Machine) -> None:
    """kill -9 is a failure, after which it runs again."""
    machine.serving()
    before = machine.property("MainPID")
    machine.out(f"kill -9 {before}")
    machine.until(
        lambda: machine.property("MainPID") not in {before, "0"} and machine.property("ActiveState") == "active"
    )


def test_nobody_else_reads_its_secrets_and_its_data(machine: Machine) -> None:
    """Credentials and database are closed to other users; the service runs as none of the system's users."""
    machine.serving()
    pid = machine.property("MainPID")
    user = machine.out(f"stat -c %U /proc/{pid}")
    assert user == "watcher" and "watcher:" not in machine.out("cat /etc/passwd")
    nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    for path in (
        "/run/credentials/watcher.service/sectors-api-key",
        "/run/credentials/watcher.service/targets.env",
        "/etc/watcher/sectors-api-key",
        "/var/lib/watcher/watcher.db",
        f"/proc/{pid}/environ",
    ):
        machine.out(f"test -e {path}")
        assert machine.run(f"{nobody} cat {path}").returncode != 0, path
    environ = machine.out(f"tr '\\0' '\\n' < /proc/{pid}/environ")
    assert SECRET not in environ and f"={KEY}" not in environ
    assert machine.out("stat -Lc '%a %U' /var/lib/watcher") == "700 watcher"
    modes = machine.out("stat -c '%a %n' /var/lib/watcher/*").splitlines()
    assert {line.rpartition("/")[2] for line in modes} >= {"watcher.db", "watcher.db-wal", "watcher.db-shm"}
    assert all(line.startswith("600 ") for line in modes), modes


def test_it_stops_in_time(machine: Machine) -> None:
    """`systemctl stop` is done within 10 seconds, and the exit status is 0."""
    machine.serving()
    begin = time.monotonic()
    machine.out("systemctl stop watcher")
    assert time.monotonic() - begin < 10
    assert (machine.property("Result"), machine.property("ExecMainStatus")) == ("success", "0")


def test_the_operator_is_told_of_a_service_that_cannot_start(machine: Machine) -> None:
    """A wrong file at the start is not tried again, and `ops` hears which mistake it is."""
    machine.serving()
    machine.write("/etc/watcher/rules.yaml", RULES.replace("every: 1h", "every: hourly"))
    told = len(machine.received())
    assert machine.run("systemctl restart watcher").returncode != 0
    machine.until(lambda: len(machine.received()) > told)
    message = machine.received()[-1]
    assert message["title"] == "Watcher: watcher.service failed on watcher-test"
    assert "status 2" in message["message"] and "rules.yaml:5:" in message["message"]
    assert (machine.property("ActiveState"), machine.property("NRestarts")) == ("failed", "0")


def test_the_timer_polls(machine: Machine) -> None:
    """watcher-poll.timer fires, and its poll works on the database of the service."""
    machine.serving()
    machine.out("systemctl stop watcher")
    machine.out("mkdir -p /run/systemd/system/watcher-poll.timer.d")
    soon = "[Timer]\nOnCalendar=\nOnActiveSec=100ms\nRandomizedDelaySec=0\nAccuracySec=1ms\n"
    machine.write("/run/systemd/system/watcher-poll.timer.d/soon.conf", soon)
    machine.out("systemctl daemon-reload && systemctl start watcher-poll.timer")
    machine.until(lambda: machine.property("ExecMainExitTimestampMonotonic", "watcher-poll.service") != "0")
    assert machine.property("Result", "watcher-poll.service") == "success"
    assert "no changes" in machine.journal("watcher-poll") and machine.property("StateDirectory") == "watcher"
    machine.out("systemctl stop watcher-poll.timer")


def test_backup_beside_the_service(machine: Machine) -> None:
    """Root's `watcher backup` makes a copy that only root reads, while the service runs."""
    machine.serving()
    machine.out("watcher backup /root/copy.db --force")
    assert machine.out("stat -c %a /root/copy.db") == "600" and machine.property("ActiveState") == "active"


def test_it_goes_without_a_trace(machine: Machine) -> None:
    """The lines of the docs on removal leave nothing; this test is the last, for it takes the service away."""
    machine.serving()
    for line in lines("Removal"):
        machine.out(line)
    assert machine.run("systemctl cat watcher.service").returncode != 0
    left = "ls -d /opt/watcher /etc/watcher /var/lib/watcher /var/lib/private/watcher /usr/local/bin/watcher"
    assert machine.run(left).stdout == ""
