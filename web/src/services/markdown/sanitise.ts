/** The one sanitiser: whatever a model, a hub card or a highlighter wrote passes here before it becomes DOM. */

import DOMPurify, { type Config } from "dompurify";

const tags =
  "a b blockquote br code del details div em h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s span strong sub summary sup table tbody td th thead tr u ul";

const config: Config = {
  ALLOWED_TAGS: tags.split(" "),
  ALLOWED_ATTR: ["align", "alt", "class", "dir", "href", "open", "src", "start", "title"],
  // Without this their values would have to look like addresses.
  ADD_URI_SAFE_ATTR: ["align", "dir", "open", "start"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp);base64,)/i,
  RETURN_TRUSTED_TYPE: false,
};

const classes = /^(?:math|block|table|done|todo|hljs-[\w-]+|language-[\w+#.-]+|[a-z]+_)$/;
const raster = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;

let purifier: typeof DOMPurify | null = null;

function instance(): typeof DOMPurify {
  if (purifier) return purifier;
  const made = DOMPurify(window);
  made.addHook("uponSanitizeAttribute", (_node, data) => {
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
    if (element.tagName === "IMG" && !raster.test(element.getAttribute("src") ?? "")) element.remove();
  });
  return (purifier = made);
}

export const sanitise = (html: string): string => instance().sanitize(html, config) as string;
