// The serial console: xterm.js on a WebSocket. A serial port tells nobody its size, so guests take it for 80 x 24:
// the letters grow and shrink instead.
import { Terminal as Xterm } from "../../vendor/xterm/xterm.mjs";
import { beLawful } from "./lawful.js";

const COLUMNS = 80, ROWS = 24, LEAST = 8, MOST = 22;
const WIDTH = 0.605, HEIGHT = 1.25, EDGE = 28;
const KEPT_LINES = 5000;
const BEHIND = 512 * 1024;
const THEME = { background: "#0d1114", foreground: "#e7eaee", cursor: "#4fc1c6", selectionBackground: "#2f6f73" };

beLawful();

export class Terminal {
  constructor(place, socket, { looks }, opened) {
    this.place = place;
    this.socket = socket;
    this.xterm = new Xterm({
      cols: COLUMNS, rows: ROWS, scrollback: KEPT_LINES, theme: THEME, fontSize: this.size(), cursorBlink: true,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"), screenReaderMode: true,
    });
    this.xterm.open(place);
    this.xterm.onData((text) => this.send(text));
    this.look(looks);
    this.observer = new ResizeObserver(() => { this.xterm.options.fontSize = this.size(); });
    this.observer.observe(place);
    socket.addEventListener("message", ({ data }) => this.show(new Uint8Array(data)));
    if (socket.readyState === WebSocket.OPEN) opened();
    else socket.addEventListener("open", opened);
  }

  size() {
    const byWidth = (this.place.clientWidth - EDGE) / COLUMNS / WIDTH;
    const byHeight = (this.place.clientHeight - EDGE) / ROWS / HEIGHT;
    return Math.max(LEAST, Math.min(MOST, Math.floor(Math.min(byWidth, byHeight) * 2) / 2));
  }

  show(bytes) {
    this.xterm.write(bytes);
  }

  send(text) {
    if (this.socket.readyState === WebSocket.OPEN && this.socket.bufferedAmount < BEHIND) {
      this.socket.send(new TextEncoder().encode(text));
    }
  }

  look(only) {
    this.xterm.options.disableStdin = only;
  }

  fit() {}

  focus() {
    this.xterm.focus();
  }

  release() {}

  type(text) {
    this.send(text);
    this.focus();
  }

  close() {
    this.observer.disconnect();
    this.socket.close();
    this.xterm.dispose();
  }
}
