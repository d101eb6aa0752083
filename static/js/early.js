// Before the first paint: what the person last chose for the navigation, so that it does not jump.
"use strict";
document.documentElement.classList.add("js");
if (innerWidth >= 1120 && localStorage.getItem("nav") === "toggled") {
  document.documentElement.classList.add("nav-toggled");
}
