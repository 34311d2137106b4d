// Who the viewer is: a token kept for the tab, or on the device when asked to. Only a ticket made from it reaches chatd.
import { effect, signal } from "@preact/signals";

import { getTicket } from "../lib/api.js";

export class Session {
  signingIn = signal(false);

  constructor(chat) {
    this.chat = chat;
    effect(() => {
      if (chat.you.value || chat.signInError.value) this.signingIn.value = false;
      if (chat.signInError.value) this.#forget();
    });
  }
  // The token of an earlier visit, or nothing.
  static ticketSource() {
    const token = sessionStorage.getItem("token") ?? localStorage.getItem("token");
    return token ? () => getTicket(token).then((answer) => answer.ticket) : null;
  }
  signIn(token, remember) {
    this.#forget();
    (remember ? localStorage : sessionStorage).setItem("token", token);
    this.signingIn.value = true;
    this.chat.identify(Session.ticketSource());
  }
  signOut() {
    this.#forget();
    this.chat.identify(null);
  }
  #forget() {
    sessionStorage.removeItem("token");
    localStorage.removeItem("token");
  }
}
