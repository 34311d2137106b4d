"""A path to a viewer that is slow, narrow and now and then stands still: a SOCKS 5 proxy (RFC 1928) on loopback. What comes from the
servers passes through one queue for all connections, as on a last mile; what goes to them passes at once."""
import asyncio
import contextlib
import random
import threading


class BadNetwork:
    def __init__(self, seed, delay=0.04, rate=1e6, pauses=None):
        """delay: s one way; rate: bytes/s; pauses: (s between them on average, least s, most s), drawn from `seed`, or None."""
        self.random = random.Random(seed)
        self.delay, self.rate, self.pauses = delay, rate, pauses
        self.stopped = 0.0  # s that pauses took in all
        self.late = 0.0     # s that the machine let something arrive later than that, at most since it was set to 0
        self.free = 0.0     # when the queue is empty
        self.next_pause = 0.0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    @property
    def url(self):
        return f"socks5://127.0.0.1:{self.port}"

    def stop_for(self, seconds):
        """Nothing arrives for so long, from now on."""
        def stop():
            self.free = max(self.free, self.loop.time() + self.delay) + seconds
        self.loop.call_soon_threadsafe(stop)

    def arrival(self, size):
        """When so many bytes that are sent now will have come."""
        at = max(self.free, self.loop.time() + self.delay)
        if self.pauses:
            every, least, most = self.pauses
            if not self.next_pause:
                self.next_pause = at + self.random.expovariate(1 / every)
            while at >= self.next_pause:
                pause = self.random.uniform(least, most)
                at = max(at, self.next_pause + pause)
                self.stopped += pause
                self.next_pause += pause + self.random.expovariate(1 / every)
        self.free = at + size / self.rate
        return self.free

    async def down(self, reader, writer):
        arrivals = asyncio.Queue(64)

        async def deliver():
            while (item := await arrivals.get()) is not None:
                at, data = item
                early = at - self.loop.time()
                await asyncio.sleep(early)
                self.late = max(self.late, self.loop.time() - at + min(early, 0))
                writer.write(data)
                await writer.drain()
            writer.close()

        delivery = asyncio.ensure_future(deliver())
        try:
            while data := await reader.read(16384):
                await arrivals.put((self.arrival(len(data)), data))
            await arrivals.put(None)
            await delivery
        finally:
            delivery.cancel()

    async def up(self, reader, writer):
        while data := await reader.read(16384):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # a browser asks for hosts of its maker, too
            await reader.readexactly((await reader.readexactly(2))[1])  # the methods it can do
            writer.write(b"\x05\x00")
            _, command, _, kind = await reader.readexactly(4)
            assert command == 1 and kind in (1, 3), "CONNECT to a name or an IPv4 address"
            host = await reader.readexactly(4 if kind == 1 else (await reader.readexactly(1))[0])
            port = int.from_bytes(await reader.readexactly(2), "big")
            name = ".".join(map(str, host)) if kind == 1 else host.decode()
            server = await asyncio.open_connection(name, port)
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
            await asyncio.gather(self.up(reader, server[1]), self.down(server[0], writer), return_exceptions=True)
        writer.close()

    def __enter__(self):
        async def listen():
            return await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(listen(), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        async def end():
            self.server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
