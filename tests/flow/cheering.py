"""Bits in a running chat: what tests of cheers and of who supports a channel do and look at."""
import json
import subprocess

from harness import program

UNLIMITED = ("--cooldown", "0s", "--message-rate", "1000", "--join-rate", "1000", "--repeat-time", "0s")
QUIET = (*UNLIMITED, "--automod", "none")  # on a busy machine its verdict is late, and the message waits for a moderator


def subctl(chat, *arguments, status=0):
    done = subprocess.run([program("subctl"), "--dir", str(chat.directory), "--json", *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def modctl(chat, *arguments):
    subprocess.run([program("modctl"), "--dir", str(chat.directory), *arguments], check=True, capture_output=True, timeout=30)


def balance(chat, name="bob"):
    return subctl(chat, "bits", "show", name)["balance"]


def grant(chat, amount, name="bob"):
    subctl(chat, "bits", "grant", name, "--amount", str(amount))


def events(chat, name):
    told = [json.loads(line) for line in chat.chanctl("events").splitlines()]
    return [event["data"] for event in told if event["event"] == name]


def cheers(chat):
    return events(chat, "channel.cheer")


def said_by(chat):
    return sum(room["seq"] for room in chat.ask("rooms")["rooms"])
