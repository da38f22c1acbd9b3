/** Looks through shadow roots, in the page. */

/** Every element of the document, those in shadow trees included, in the order of the tree. */
export function everyElement(root: ParentNode = document): Element[] {
  return [...root.querySelectorAll('*')].flatMap((element) => [
    element,
    ...(element.shadowRoot ? everyElement(element.shadowRoot) : []),
  ]);
}

/** What can be read in an element and the shadow trees below it, on one line. */
export function visibleText(node: Node): string {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
  if (!(node instanceof Element || node instanceof ShadowRoot)) return '';
  if (node instanceof Element && (node.localName === 'style' || !node.checkVisibility())) return '';
  const children =
    node instanceof HTMLSlotElement
      ? node.assignedNodes()
      : [...(node instanceof Element && node.shadowRoot ? node.shadowRoot : node).childNodes];
  return children
    .map(visibleText)
    .join(' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.:])/g, '$1')
    .trim();
}
