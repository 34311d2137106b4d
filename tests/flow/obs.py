"""A real OBS Studio without a screen: Xvfb, software GL, a scene that moves."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile


class Obs:
    """OBS 29 streaming to server/key until stopped: simple output mode as it is installed, or with a keyframe interval (in
    seconds) as its advanced output mode has it."""

    def __init__(self, server, key, width=640, height=360, kbit=800, keyframes=None):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sluice-obs-"))
        self._configure(server, key, width, height, kbit, keyframes)
        reader, writer = os.pipe()
        self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
                                       pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as display:
            number = display.readline().strip()
        self.log = open(self.home / "log", "wb+")
        self.process = subprocess.Popen(
            ["obs", "--startstreaming", "--multi", "--minimize-to-tray", "--disable-updater"],
            env={**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"), "DISPLAY": f":{number}",
                 "XDG_RUNTIME_DIR": str(self.home), "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)

    def _configure(self, server, key, width, height, kbit, keyframes):
        settings = self.home / ".config/obs-studio"
        (settings / "basic/profiles/Test").mkdir(parents=True)
        (settings / "basic/scenes").mkdir(parents=True)
        (settings / "global.ini").write_text(
            "[General]\nFirstRun=true\nLastVersion=486539266\nEnableAutoUpdates=false\n"
            "[Basic]\nProfile=Test\nProfileDir=Test\nSceneCollection=Test\nSceneCollectionFile=Test\n")
        (settings / "basic/profiles/Test/basic.ini").write_text(
            f"[General]\nName=Test\n[Video]\nBaseCX={width}\nBaseCY={height}\nOutputCX={width}\nOutputCY={height}\nFPSCommon=30\n"
            f"[Output]\nMode={'Advanced' if keyframes else 'Simple'}\n"
            f"[SimpleOutput]\nStreamEncoder=x264\nVBitrate={kbit}\nABitrate=96\nPreset=ultrafast\n"
            "[AdvOut]\nEncoder=obs_x264\nTrackIndex=1\nApplyServiceSettings=false\n")
        if keyframes:
            (settings / "basic/profiles/Test/streamEncoder.json").write_text(json.dumps(
                {"rate_control": "CBR", "bitrate": kbit, "keyint_sec": keyframes, "preset": "ultrafast"}))
        (settings / "basic/profiles/Test/service.json").write_text(json.dumps(
            {"type": "rtmp_custom", "settings": {"server": server, "key": key, "use_auth": False, "bwtest": False}}))
        colour = {"id": "color_source_v3", "versioned_id": "color_source_v3", "name": "C",
                  "settings": {"color": 4278255360, "width": width, "height": height}}
        text = {"id": "text_ft2_source", "versioned_id": "text_ft2_source_v2", "name": "T",
                "settings": {"text": "OBS to Sluice", "font": {"face": "Sans Serif", "size": 48}},
                "filters": [{"id": "scroll_filter", "name": "s", "settings": {"speed_x": 120.0}}]}
        scene = {"id": "scene", "name": "S", "settings": {"items": [
            {"name": "C", "id": 1, "visible": True}, {"name": "T", "id": 2, "visible": True}]}}
        (settings / "basic/scenes/Test.json").write_text(json.dumps(
            {"current_scene": "S", "current_program_scene": "S", "name": "Test", "scene_order": [{"name": "S"}],
             "sources": [colour, text, scene]}))

    def output(self):
        return (self.home / "log").read_text(errors="replace")

    def stop(self):
        for process in (self.process, self.screen):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT if process is self.process else signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL) if process is self.process else process.kill()
                process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
