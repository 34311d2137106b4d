// The REST API: envelope opened, 5xx and network errors tried three times more (1, 2, 4 s), 4xx at once an ApiError.
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const wait = (ms, signal) =>
  new Promise((done, gone) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); gone(signal.reason); }, { once: true });
  });

async function once(path, options) {
  const response = await fetch(path, options);
  let body = null;
  try {
    body = await response.json();
  } catch {
    // An answer that is no JSON comes from something in between; its status says enough.
  }
  if (response.ok && body?.success) return body.data;
  throw new ApiError(response.status, body?.error?.code ?? "HTTP_ERROR", body?.error?.message ?? `the server answered ${response.status}`);
}

export async function call(path, options = {}) {
  for (let tries = 0; ; ++tries) {
    try {
      return await once(path, options);
    } catch (error) {
      const lasting = error instanceof ApiError && error.status < 500;
      if (lasting || tries === 3 || options.signal?.aborted) throw error;
      await wait(1000 * 2 ** tries, options.signal);
    }
  }
}

export const getLive = () => call("/api/live");
export const getChannel = (name) => call(`/api/channels/${encodeURIComponent(name)}`);
export const getStatus = (id) => call(`/api/channels/${encodeURIComponent(id)}/status`);
export const getConfig = () => call("/api/config");
// The token travels in a header, never in an address.
export const getTicket = (token) => once("/api/chat/ticket", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
