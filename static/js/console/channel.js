// One visit: a ticket by a POST, then a WebSocket that shows it as a second subprotocol, so that it stands in no address.
const PROTOCOL = "stoney-console";
const RESTART = 1012;
const OF_STATUS = { 403: "not_permitted", 404: "not_permitted", 409: "not_now", 503: "cannot_check" };

export class TurnedAway extends Error {
  constructor(ending) {
    super(ending);
    this.ending = ending;
  }
}

async function ticketFor(url, way, takeOver) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("#act [name=csrfmiddlewaretoken]").value);
  body.set("way", way);
  if (takeOver) body.set("take_over", "yes");
  const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer) throw new TurnedAway("lost");
  if (answer.redirected) throw new TurnedAway("logged_out");
  if (!answer.ok) throw new TurnedAway(OF_STATUS[answer.status] ?? "failed");
  return answer.json();
}

export async function open(url, way, takeOver) {
  const { ticket, path } = await ticketFor(url, way, takeOver);
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address, [PROTOCOL, `ticket.${ticket}`]);
  socket.binaryType = "arraybuffer";
  return socket;
}

// The code of what ended it.
export const endingOf = (event) => event.reason || (event.code === RESTART ? "restarting" : "lost");
