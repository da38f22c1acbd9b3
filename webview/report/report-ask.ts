/** How a part of the report asks for something: an event that bubbles to the report, which alone talks to the host. */
import type { ReportToHost } from '../../protocol';

export const reportAskEvent = 'temper-report-ask';

export function askReport(from: EventTarget, message: ReportToHost): void {
  from.dispatchEvent(new CustomEvent<ReportToHost>(reportAskEvent, { detail: message, bubbles: true, composed: true }));
}

declare global {
  interface HTMLElementEventMap {
    'temper-report-ask': CustomEvent<ReportToHost>;
  }
}
