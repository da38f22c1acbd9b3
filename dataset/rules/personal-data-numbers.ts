/** Numbers that belong to a person: of cards, accounts, social security and telephones. A checksum or a strict form must agree. */
import type { Span } from '../formats/format';

/** The number alone, its signs of separation taken out. */
type Check = (digits: string, written: string) => boolean;

export function findCardNumbers(text: string): Span[] {
  return findNumbers(text, /(?<![\w.=/#+-]|\d )\d(?:[ -]?\d){12,18}(?![\w=/#]|[ -]\d|\.\d|-\w)/g, isCardNumber);
}

/** American, written with its hyphens: without them it is any number of nine digits. */
export function findSocialSecurityNumbers(text: string): Span[] {
  return findNumbers(
    text,
    /(?<![\w.+/#-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w/-]|\.\d)/g,
    isSocialSecurityNumber,
  );
}

/** With the code of the country; a number without it may be any number. */
export function findPhoneNumbers(text: string): Span[] {
  return findNumbers(
    text,
    /(?<![\w+*/=^.)\]-]|[\d)] )\+[1-9](?:[ .-]{0,2}(?:\(\d{1,5}\)|\d)){5,15}(?![\w%+]|[.,:]\d|[ -]\d)/g,
    isPhoneNumber,
  );
}

export function findAccountNumbers(text: string): Span[] {
  return findNumbers(text, /(?<![\w-])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9-])/g, isAccountNumber);
}

function findNumbers(text: string, pattern: RegExp, isRight: Check): Span[] {
  const found: Span[] = [];
  for (const { 0: written, index } of text.matchAll(pattern)) {
    if (isRight(written.replace(/[^A-Z0-9]/g, ''), written)) found.push({ start: index, end: index + written.length });
  }
  return found;
}

/** Issuers and the lengths of their numbers; lengths that are out of use are not among them. */
const issuers =
  /^(?:4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17})$/;
const grouped = /^(?:\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5})$/;
/** Those that payment services give out for tests. */
const cardsForTests = new Set(
  '4111111111111111 4242424242424242 4012888888881881 4000056655665556 4000000000000002 5555555555554444 5105105105105100 2223003122003222 5200828282828210 378282246310005 371449635398431 30569309025904 38520000023237 6011111111111117 6011000990139424 3530111333300000 3566002020360505 6200000000000005'.split(
    ' ',
  ),
);

function isCardNumber(digits: string, written: string): boolean {
  return (
    issuers.test(digits) && grouped.test(written) && !cardsForTests.has(digits) && new Set(digits).size > 3 && luhn(digits) === 0
  );
}

/** ISO/IEC 7812-1: every second digit from the right counts twice; 0 when the last one is right. */
function luhn(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    sum += index % 2 === 0 ? digit : digit < 5 ? 2 * digit : 2 * digit - 9;
  }
  return sum % 10;
}

/** Those of advertisements and of the Social Security Administration's own examples. */
const ssnExamples = new Set(['078051120', '219099999', '123456789', '111223333', '123121234']);

function isSocialSecurityNumber(digits: string): boolean {
  return !ssnExamples.has(digits) && new Set(digits).size > 2;
}

/** Letters of an account number by country, and how long it is there. */
const accountLengths =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VG24 XK20'.split(
    ' ',
  );
/** Those of Wikipedia and of the registry's own pages. */
const accountExamples =
  /^(?:DE89370400440532013000|GB(?:82WEST12345698765432|29NWBK60161331926819|33BUKB20201555555555)|FR1420041010050500013M02606|NL91ABNA0417164300|ES9121000418450200051332|CH9300762011623852957|BE68539007547034|IT60X0542811101000000123456|AT611904300234573201)$/;

function isAccountNumber(account: string): boolean {
  const isLong = accountLengths.includes(account.slice(0, 2) + String(account.length));
  return isLong && !accountExamples.test(account) && modulo97(account) === 1;
}

/** ISO 7064: the first four characters go to the end, letters are 10 to 35. */
function modulo97(account: string): number {
  let rest = 0;
  for (const character of account.slice(4) + account.slice(0, 4)) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** ITU-T E.164: the codes of countries that are given out, of one to three digits. */
const countries =
  /^(?:1[2-9]|7[3-9]|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-6]\d|29[0-9]|3[578]\d|42[0139]|50\d|59\d|67\d|68\d|69[0-2]|85[02356]|880|886|96\d|97[0-79]|99[2-8])/;
/** Numbers for films: 555-01xx in North America, and what Ofcom sets aside. */
const numbersForFilms = /^(?:1\d{3}55501\d\d|1555\d+|447700900\d{3}|442079460\d{3}|441632960\d{3})$/;

function isPhoneNumber(digits: string): boolean {
  const isLong = digits.length >= (digits.startsWith('1') ? 11 : 9) && digits.length <= (digits.startsWith('1') ? 11 : 15);
  const isMade = numbersForFilms.test(digits) || /(\d)\1{5}/.test(digits) || digits.includes('2345678');
  return isLong && countries.test(digits) && !isMade && new Set(digits).size > 3;
}
