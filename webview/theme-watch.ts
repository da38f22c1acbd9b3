/**
 * Tells canvases when the editor's colours may have changed. VS Code changes the body's class and theme id and the style
 * of the html element, in this order or the other, so all of them are watched by one observer.
 */
const listeners = new Set<() => void>();
let observer: MutationObserver | undefined;

/** Calls `listener` after each change until the returned function is called. */
export function watchTheme(listener: () => void): () => void {
  listeners.add(listener);
  observer ??= observe();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    observer?.disconnect();
    observer = undefined;
  };
}

export function isHighContrast(): boolean {
  return (
    document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light')
  );
}

function observe(): MutationObserver {
  const created = new MutationObserver(() => {
    listeners.forEach((listener) => {
      listener();
    });
  });
  created.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  created.observe(document.body, { attributes: true, attributeFilter: ['style', 'class', 'data-vscode-theme-id'] });
  return created;
}
