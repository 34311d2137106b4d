// Live events of the platform (server-sent). EventSource comes back by itself and asks for what it missed; when the
// server no longer knows that ("reset"), or gave up on us, the state is read anew through onReset.
export function listen(path, handlers, onReset) {
  let source = null;
  let timer = 0;
  let closed = false;
  let failed = false;
  const open = () => {
    source = new EventSource(path);
    for (const [name, handle] of Object.entries(handlers))
      source.addEventListener(name, (event) => {
        let data = null;
        try {
          data = JSON.parse(event.data);
        } catch {
          return;
        }
        handle(data);
      });
    source.addEventListener("reset", () => onReset());
    source.onopen = () => {
      if (failed) onReset();
      failed = false;
    };
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || closed) return;
      failed = true;
      clearTimeout(timer);
      timer = setTimeout(open, 3000 + Math.random() * 2000);
    };
  };
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source.close();
  };
}
