/** How a part of the panel asks for something: an event that bubbles to the panel, which alone talks to the host. */
import type { PanelToHost } from '../protocol';

export const askEvent = 'temper-ask';

export function ask(from: EventTarget, message: PanelToHost): void {
  from.dispatchEvent(new CustomEvent<PanelToHost>(askEvent, { detail: message, bubbles: true, composed: true }));
}

declare global {
  interface HTMLElementEventMap {
    'temper-ask': CustomEvent<PanelToHost>;
  }
}
