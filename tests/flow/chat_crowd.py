"""Many IRC clients that speak at once, each told what became of its line."""
import threading

from chat_peers import IrcPeer


class Crowd:
    """`members`: (node, login, token) of each connection, all in one channel."""

    def __init__(self, members, channel="demo"):
        self.channel = channel
        self.peers = []
        for node, login, token in members:
            peer = IrcPeer(node.irc, timeout=30)
            peer.node, peer.login = node, login
            self.peers.append(peer)
        # Asked of all before any answer is waited for: a store answers one after another.
        for (_, login, token), peer in zip(members, self.peers):
            peer.send("CAP REQ :twitch.tv/tags twitch.tv/commands", f"PASS oauth:{token}", f"NICK {login}", f"JOIN #{channel}")
        for peer in self.peers:
            peer.until("ROOMSTATE", f"#{channel}")

    def say(self, text):
        """`text(number)` by each, from as many threads as there are nodes; returns (peer, "" or the notice's id) of each."""
        outcomes = []
        speakers = [threading.Thread(target=self._say, args=(node, text)) for node in {peer.node for peer in self.peers}]
        for speaker in speakers:
            speaker.start()
        for speaker in speakers:
            speaker.join()
        for peer in self.peers:
            outcomes.append((peer, self.outcome(peer)))
        return outcomes

    def _say(self, node, text):
        for number, peer in enumerate(self.peers):
            if peer.node is node:
                peer.send(f"PRIVMSG #{self.channel} :{text(number)}")

    def outcome(self, peer):
        while True:
            line = peer.line()
            if " USERSTATE " in line:
                return ""
            if " NOTICE " in line:
                return line.split("msg-id=")[1].split(" ")[0].split(";")[0]

    def close(self):
        for peer in self.peers:
            peer.close()


def passed(outcomes):
    return [peer for peer, refused in outcomes if not refused]


def speakers(node, name, count):
    """New users that may chat: (login, token) of each."""
    return [line.split() for line in node.seed("speakers", name, str(count)).splitlines()]


def set_mode(nodes, line, channel="demo"):
    """A slash command of the broadcaster's, which every node has heard of."""
    watchers = [node.page() for node in nodes]
    for watcher in watchers:
        watcher.join(channel)
    page = nodes[0].page(nodes[0].ada)
    page.join(channel)
    page.say(channel, line, line)
    for watcher in watchers:
        watcher.until("settings")
        watcher.close()
    page.close()
