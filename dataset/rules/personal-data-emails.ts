/** E-mail addresses of persons, found from their "@" outwards; those of offices, of manuals and of programs are left alone. */
import type { Span } from '../formats/format';

const longestLocal = 64;
const longestDomain = 190;
const domainPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24}(?![\w\u00c0-\u024f-]|\.[a-z0-9])/i;
const reserved = /(?:^|\.)(?:example\.(?:com|org|net|edu)|(?:test|example|invalid|localhost|local|internal|lan|corp))$/i;
const made =
  /^(?:domain|yourdomain|mydomain|your-?company|mycompany|company|website|yoursite|mysite|host|hostname|test|foo|bar|acme|mail|email)\.(?:com|org|net|tld)$/i;
/** What stands behind the last dot of a file or a method. */
const files =
  /\.(?:png|jpe?g|gif|svg|webp|js|mjs|ts|tsx|jsx|css|html?|json|ya?ml|md|txt|py|sh|rb|java|map|service|socket|git|zip|gz|tar|tgz|conf|exe|dll|so)$/i;
const offices =
  /^(?:git|user(?:name)?|you(?:r[._-]?(?:name|email|e-mail))?|name|email|e-mail|someone|somebody|me|foo|bar|abc|xyz|x+|root|test|no-?reply|do-?not-?reply|mailer-daemon|postmaster|webmaster|hostmaster|abuse|security|admin|administrator|info|contact|support|help|helpdesk|service|customer[._-]?(?:service|care|support)|sales|office|hello|feedback|team|jobs|careers|press|media|billing|orders?|newsletter|news|mail|enquir(?:y|ies)|inquiries|reservations?|bookings?)\d*$/i;

export function findEmails(text: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const span = readAddress(text, at);
    if (span !== undefined && isPersonal(text, span, at)) found.push(span);
  }
  return found;
}

function readAddress(text: string, at: number): Span | undefined {
  const local = /[\w.%+\u00c0-\u024f-]*$/.exec(text.slice(Math.max(0, at - longestLocal), at))?.[0].replace(/^[._-]+/, '') ?? '';
  const domain = domainPattern.exec(text.slice(at + 1, at + 1 + longestDomain))?.[0];
  return local.length < 2 || domain === undefined ? undefined : { start: at - local.length, end: at + 1 + domain.length };
}

function isPersonal(text: string, { start, end }: Span, at: number): boolean {
  const before = text.charAt(start - 1);
  const isInPath =
    /[@/\\{}$]/.test(before) || (before === ':' && text.slice(Math.max(0, start - longestLocal), start).includes('://'));
  const isLogin = /^:[~/\w]/.test(text.slice(end, end + 2));
  return !isInPath && !isLogin && !offices.test(text.slice(start, at)) && !isNobodys(text.slice(at + 1, end));
}

/** A name behind the last dot that begins with a capital is the next sentence. */
function isNobodys(domain: string): boolean {
  return /\.[A-Z][a-z]+$/.test(domain) || reserved.test(domain) || made.test(domain) || files.test(domain);
}
