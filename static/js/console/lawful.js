// The terminal writes style sheets and style attributes while it runs, which the page's Content-Security-Policy
// forbids as text. The same through the object model is allowed: what this page's scripts make does it that way.
const plain = Document.prototype.createElement;

function writeSheet(element) {
  const sheet = new CSSStyleSheet();
  const remove = element.remove;
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", { get: () => "", set: (text) => sheet.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    remove.call(element);
  };
}

function setAttribute(name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

export function beLawful() {
  document.createElement = (name, options) => {
    // not even an empty <style> may be put into the page: what stands for it holds nothing
    const element = plain.call(document, name === "style" ? "template" : name, options);
    if (name === "style") writeSheet(element);
    else element.setAttribute = setAttribute;
    return element;
  };
}
