// The screen: noVNC on a WebSocket that is open already.
import RFB from "../../vendor/novnc/core/rfb.js";

const KEYS = {
  ctrl: [0xffe3, "ControlLeft"], alt: [0xffe9, "AltLeft"], super: [0xffeb, "MetaLeft"], del: [0xffff, "Delete"],
  backspace: [0xff08, "Backspace"], tab: [0xff09, "Tab"], esc: [0xff1b, "Escape"], print: [0xff61, "PrintScreen"],
  f1: [0xffbe, "F1"], f2: [0xffbf, "F2"], f3: [0xffc0, "F3"], f4: [0xffc1, "F4"], f7: [0xffc4, "F7"],
};

export class Screen {
  constructor(place, socket, { fits, looks }, opened) {
    this.rfb = new RFB(place, socket, { shared: true });
    this.rfb.background = "#0d1114";
    this.fit(fits);
    this.look(looks);
    this.rfb.addEventListener("connect", opened);
    // libvirt opens the way in; a machine that still asks for more is for virt-viewer
    this.rfb.addEventListener("credentialsrequired", () => socket.close());
  }

  fit(yes) {
    this.rfb.scaleViewport = yes;
  }

  look(only) {
    this.rfb.viewOnly = only;
  }

  focus() {
    this.rfb.focus();
  }

  // What is held down while the keyboard goes elsewhere would stay so.
  release() {
    for (const key of [KEYS.ctrl, KEYS.alt]) this.rfb.sendKey(...key, false);
  }

  // "ctrl-alt-del": all down in this order, and up again.
  press(names) {
    const keys = names.split("-").map((name) => KEYS[name]);
    for (const key of keys) this.rfb.sendKey(...key, true);
    for (const key of keys.reverse()) this.rfb.sendKey(...key, false);
    this.focus();
  }

  close() {
    this.rfb.disconnect();
  }
}
