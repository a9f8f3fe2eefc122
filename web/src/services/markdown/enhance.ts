/** After a block is drawn: formulas become formulas, and what scrolls sideways can be reached by keyboard. */

import { drawMath } from "./math";

export function enhance(node: Element, html: string): void {
  if (html.includes('class="math"')) {
    for (const code of node.querySelectorAll<HTMLElement>("code.math")) {
      const span = document.createElement("span");
      void drawMath(span, code.textContent ?? "", false).then(() => code.isConnected && code.replaceWith(span));
    }
  }
  for (const wide of node.querySelectorAll<HTMLElement>("pre, .table")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
}
