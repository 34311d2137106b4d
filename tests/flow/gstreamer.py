"""A real gstreamer that publishes a ball and a tone, in real time, until stopped."""
import contextlib
import signal
import subprocess


class Gstreamer:
    """gst-launch with one of its sinks: H.264 and AAC in FLV, or in MPEG-TS for srtsink. Without a latency of its own a live flvmux
    does not wait for video that comes late on a busy machine, and stamps it with the audio's time."""

    def __init__(self, url, sink):
        srt = sink == "srtsink"
        mux = ["mpegtsmux", "name=mux", "alignment=7", "latency=1000000000"] if srt else ["flvmux", "name=mux", "streamable=true", "latency=1000000000"]
        self.process = subprocess.Popen(
            ["gst-launch-1.0", "-e", "-q",
             "videotestsrc", "is-live=true", "pattern=ball", "!", "video/x-raw,width=320,height=180,framerate=30/1", "!",
             "x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=60", "bitrate=600", "!", "h264parse", "!",
             "queue", "!", "mux.",
             "audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "voaacenc", "!", "aacparse", "!",
             "queue", "!", "mux.",
             *mux, "!", sink, f"{'uri' if srt else 'location'}={url}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
