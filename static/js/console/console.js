// The page of a machine's screen. One connection at a time: that of the tab that is shown. It comes back by itself
// after what passes, and waits for the machine's state on this page to change after what does not.
import { TurnedAway, endingOf, open } from "./channel.js";
import { Screen } from "./screen.js";
import { Terminal } from "./terminal.js";

const box = document.getElementById("console");
const stage = document.getElementById("console-stage");
const said = document.getElementById("console-said");
const ended = document.getElementById("console-ended");
const take = document.getElementById("console-take");
const tabs = [...box.querySelectorAll("[role=tab]")];
const kinds = { screen: Screen, serial: Terminal };
const choices = { fits: localStorage.getItem("console-fits") !== "no", looks: false };
const SOON = 1000, LATE = 15000, STEADY = 5000;

let way = location.hash === "#serial" ? "serial" : "screen";
let shown, timer, tries = 0, round = 0, ending = "";

const isOn = () => document.getElementById("use-now").dataset.open === "yes";
const panelOf = (name) => document.getElementById(`panel-${name}`);

function be(state) {
  box.dataset.state = state;
  said.textContent = said.dataset[state] ?? "";
}

// --- a visit ------------------------------------------------------------------------------------
async function connect({ takeOver = false, focus = false } = {}) {
  const mine = leave();
  be(tries ? "again" : "waiting");
  ended.hidden = true;
  try {
    const socket = await open(box.dataset.ticket, way, takeOver);
    if (mine !== round) return socket.close();
    socket.addEventListener("close", (event) => mine === round && end(endingOf(event)));
    shown = new kinds[way](panelOf(way), socket, choices, () => mine === round && begin(focus));
  } catch (error) {
    if (!(error instanceof TurnedAway)) throw error;
    if (mine === round) end(error.ending);
  }
}

function begin(focus) {
  be("open");
  ending = "";
  if (focus || document.activeElement === document.body) shown.focus();
  timer = setTimeout(() => { tries = 0; }, STEADY);
}

// The number of the next visit: whatever an earlier one still says is not heard.
function leave() {
  clearTimeout(timer);
  round += 1;
  shown?.close();
  shown = undefined;
  panelOf(way).replaceChildren();
  return round;
}

function end(code) {
  const mine = leave();
  const words = document.querySelector(`[data-ending="${CSS.escape(code)}"]`) ?? document.querySelector('[data-ending="failed"]');
  ending = code;
  document.getElementById("console-why").textContent = words.textContent;
  take.hidden = !["taken", "taken_over"].includes(code);
  ended.hidden = false;
  const again = "again" in words.dataset && isOn();
  be(again ? "again" : isOn() ? "ended" : "off");
  if (!again) return;
  tries += 1;
  timer = setTimeout(() => mine === round && connect(), Math.min(LATE, SOON * 2 ** (tries - 1)));
}

// The machine's state, as the page shows it: it was started again, or is there again.
const WAIT_FOR_THE_MACHINE = ["", "is_off", "not_now", "node_lost"];
new MutationObserver((changes) => {
  if (shown || !changes.some(({ target }) => target.parentElement?.closest(".console__now") || target.id === "use-now")) return;
  if (!isOn()) be("off");
  else if (WAIT_FOR_THE_MACHINE.includes(ending) && ["off", "ended"].includes(box.dataset.state)) {
    tries = 0;
    connect();
  }
}).observe(document.querySelector(".page__head"), { attributes: true, childList: true, characterData: true, subtree: true });

// --- tabs ---------------------------------------------------------------------------------------
function show(name, { focus = false } = {}) {
  leave();
  way = name;
  for (const tab of tabs) {
    const mine = tab.dataset.way === way;
    tab.setAttribute("aria-selected", mine);
    tab.tabIndex = mine ? 0 : -1;
    panelOf(tab.dataset.way).hidden = !mine;
  }
  for (const tool of box.querySelectorAll(":is(button, span)[data-of]")) tool.hidden = tool.dataset.of !== way;
  history.replaceState(history.state, "", way === "serial" ? "#serial" : location.pathname + location.search);
  ending = "";
  tries = 0;
  ended.hidden = true;
  if (isOn()) connect({ focus });
  else be("off");
}

for (const tab of tabs) {
  // who clicked wants to go on there; who came by keyboard may want to go on to the next tab
  tab.addEventListener("click", ({ detail }) => show(tab.dataset.way, { focus: detail > 0 }));
  tab.addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    other.focus();
    show(other.dataset.way);
  });
}

// --- tools --------------------------------------------------------------------------------------
const on = (id, what) => document.getElementById(id).addEventListener("click", what);

function toggle(id, choice, changed) {
  const button = document.getElementById(id);
  button.setAttribute("aria-pressed", choices[choice]);
  button.addEventListener("click", () => {
    choices[choice] = !choices[choice];
    button.setAttribute("aria-pressed", choices[choice]);
    changed(choices[choice]);
  });
}

toggle("console-scale", "fits", (yes) => { localStorage.setItem("console-fits", yes ? "yes" : "no"); shown?.fit(yes); });
toggle("console-look", "looks", (yes) => shown?.look(yes));
on("console-full", async () => {
  await (document.fullscreenElement ? document.exitFullscreen() : box.requestFullscreen());
  shown?.focus();
});
on("console-again", () => connect({ focus: true }));
on("console-connect", () => connect({ focus: true }));
on("console-take", () => connect({ takeOver: true, focus: true }));

for (const menu of box.querySelectorAll(".console__menu")) {
  menu.addEventListener("click", ({ target }) => {
    const { press, send } = target.closest("button")?.dataset ?? {};
    if (!press && !send) return;
    menu.hidePopover();
    if (box.dataset.state !== "open") return;
    if (press) shown.press(press);
    else shown.type(String.fromCharCode(Number(send)));
  });
}

// The way out for the keyboard: everything else goes to the machine.
stage.addEventListener("keydown", (event) => {
  if (event.key !== "Home" || !event.ctrlKey || !event.altKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  shown?.release();
  tabs.find((tab) => tab.dataset.way === way).focus();
}, true);

addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && show(way));
show(way);
