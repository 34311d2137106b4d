// Signing in by a pasted token (accounts have no pages yet).
import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../lib/ui.jsx";

export function SignIn({ onToken, onClose }) {
  const dialog = useRef(null);
  const [token, setToken] = useState("");
  const [remember, setRemember] = useState(false);
  useEffect(() => dialog.current.showModal(), []);
  const clean = token.trim().replace(/^oauth:/i, "");
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="sign-in-title" onClose={onClose} onClick={(event) => event.target === dialog.current && dialog.current.close()}>
      <form onSubmit={(event) => { event.preventDefault(); if (clean) onToken(clean, remember); }}>
        <div class="dialog-head">
          <h2 id="sign-in-title">Sign in to chat</h2>
          <button class="control" type="button" aria-label="Close" onClick={() => dialog.current.close()}><Icon name="close" /></button>
        </div>
        <p>Paste your chat token. Whoever runs this platform makes one with</p>
        <pre>chanctl token issue NAME --scope chat:read,chat:edit</pre>
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" spellcheck={false} autofocus value={token} onInput={(event) => setToken(event.target.value)} />
        <label class="check"><input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} /> Remember it on this device</label>
        <button class="button primary whole" type="submit" disabled={!clean}>Sign in</button>
      </form>
    </dialog>
  );
}
