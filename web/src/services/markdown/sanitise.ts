/** The one sanitiser: whatever a model, a hub card or a highlighter wrote passes here before it becomes DOM. */

import DOMPurify, { type Config } from "dompurify";

const tags =
  "a b blockquote br code del details div em h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s span strong sub summary sup table tbody td th thead tr u ul";

const config: Config = {
  ALLOWED_TAGS: tags.split(" "),
  ALLOWED_ATTR: ["align", "alt", "class", "dir", "height", "href", "open", "src", "start", "title", "width"],
  // Without this their values would have to look like addresses.
  ADD_URI_SAFE_ATTR: ["align", "dir", "height", "open", "start", "width"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp);base64,)/i,
  RETURN_TRUSTED_TYPE: false,
};

const classes = /^(?:math|block|table|done|todo|hljs-[\w-]+|language-[\w+#.-]+|[a-z]+_)$/;
const raster = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;

let purifier: typeof DOMPurify | null = null;
/** Set while a card is sanitised: where a picture that is not in the text itself may be asked for. */
let placed: ((source: string) => string) | null = null;

function instance(): typeof DOMPurify {
  if (purifier) return purifier;
  const made = DOMPurify(window);
  made.addHook("uponSanitizeAttribute", (node, data) => {
    if (data.attrName === "src") keep(node as Element, data.attrValue);
    if (data.attrName === "width" || data.attrName === "height") {
      data.keepAttr = (node as Element).tagName === "IMG" && /^\d{1,4}(?:px|%)?$/.test(data.attrValue);
    }
    if (data.attrName !== "class") return;
    data.attrValue = data.attrValue
      .split(/\s+/)
      .filter((name) => classes.test(name))
      .join(" ");
    if (!data.attrValue) data.keepAttr = false;
  });
  made.addHook("afterSanitizeAttributes", (node) => {
    const element = node as Element;
    if (element.tagName === "A") {
      // data: is for pictures alone; a link there could carry a page.
      if (raster.test(element.getAttribute("href") ?? "")) element.removeAttribute("href");
      element.setAttribute("target", "_blank");
      element.setAttribute("rel", "noopener noreferrer nofollow");
    }
    // A picture from elsewhere would tell that server what is read here.
    if (element.tagName !== "IMG" || raster.test(element.getAttribute("src") ?? "")) return;
    const source = sources.get(element);
    if (!placed || source === undefined) return element.remove();
    element.removeAttribute("src");
    element.setAttribute("data-picture", placed(source));
  });
  return (purifier = made);
}

const sources = new WeakMap<Element, string>();

/** What a picture's address was, before what is no address of the web is taken from it. */
function keep(element: Element, source: string): void {
  if (element.tagName === "IMG" && source.trim() && source.length < 2000) sources.set(element, source.trim());
}

/** `pictures` gives the address at which one of the text's pictures is asked of our own server; it comes to stand in
 *  `data-picture`, so that nothing is loaded by drawing it. Without it, only pictures within the text stay. */
export function sanitise(html: string, pictures: ((source: string) => string) | null = null): string {
  placed = pictures;
  try {
    return instance().sanitize(html, config) as string;
  } finally {
    placed = null;
  }
}
