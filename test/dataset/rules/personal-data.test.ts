import assert from 'node:assert/strict';
import { findPersonalData } from '../../../dataset/rules/personal-data';
import { drawMarks, elapsedMs, findIn, fixedText, withoutMarks } from './text-row';

/** The text with the data marked, and what stands there after the fix. */
const found: [string, string, string][] = [
  ['an e-mail address', 'write to ⟦jo.smith@posteo.de⟧.', '[e-mail]'],
  ['an address with a tag', '⟦ada+news@mail.acme.co.uk⟧', '[e-mail]'],
  ['an address in brackets', 'Ada <⟦ada1815@gmail.com⟧>', '[e-mail]'],
  ['an address behind a colon', 'E-mail:⟦ada1815@gmail.com⟧, thanks', '[e-mail]'],
  ['a link to write to', '[me](mailto:⟦ada1815@gmail.com⟧)', '[e-mail]'],
  ['two addresses', '⟦ada@posteo.de⟧;⟦bob@posteo.de⟧', '[e-mail]'],
  ['an address in Chinese', '邮箱⟦zhang99@qq.com⟧。', '[e-mail]'],
  ['a card', 'my card ⟦4539578763621486⟧ expires', '[card number]'],
  ['a card in groups', '⟦4539 5787 6362 1486⟧', '[card number]'],
  ['a card with hyphens', 'card: ⟦5425-2334-3010-9903⟧.', '[card number]'],
  ['an American Express card', '⟦3749 245540 00009⟧', '[card number]'],
  ['an IBAN', 'to ⟦DE44500105175407324931⟧', '[IBAN]'],
  ['an IBAN in groups', '⟦DE44 5001 0517 5407 3249 31⟧ please', '[IBAN]'],
  ['a Norwegian IBAN', '⟦NO9386011117947⟧', '[IBAN]'],
  ['a social security number', 'SSN ⟦536-22-8726⟧', '[SSN]'],
  ['a German telephone', 'call ⟦+49 151 23987654⟧ now', '[phone number]'],
  ['an American telephone', '⟦+1 (415) 867-5309⟧', '[phone number]'],
  ['a telephone in brackets', '(⟦+49 151 23987654⟧)', '[phone number]'],
  ['a telephone with an optional zero', '⟦+44 (0)20 3744 7520⟧', '[phone number]'],
  ['a telephone without spaces', 'tel:⟦+447797706009⟧', '[phone number]'],
  ['a French telephone', '⟦+33 1 40 62 67 00⟧.', '[phone number]'],
];

const right: [string, string][] = [
  ['an address for examples', 'jo.smith@example.com, ada@mail.example.org, bob@shop.test'],
  ['a local address', 'ada@localhost and ada@nas.local'],
  ['a placeholder', 'user@domain.com, ada@company.com, ada@mydomain.org, you@yourdomain.com'],
  ['an office', 'support@acme.io, info@acme.io, no-reply@acme.io, customer.service@acme.io'],
  ['a Twitter handle', 'thanks @ada_lovelace and @bob!'],
  ['a handle of Mastodon', '@ada@mastodon.social'],
  ['too little', 'a@b, x@y.z, q@posteo.de'],
  ['a repository', 'git clone git@github.com:acme/app.git'],
  ['a server', 'scp file ada@server.acme.io:/home/ada'],
  ['a package', 'npm install react@18.2.0 @types/node@20.1.0'],
  ['an image', 'icon@2x.png and logo@retina.svg'],
  ['a password in an address', 'https://ada:lovelace1815@git.acme.io/x'],
  ['a sentence without a space', 'meet me @work.Tomorrow or msg+ticket@kiosk.Valid until 4'],
  ['a wrong card', '4539578763621487'],
  ['a card for tests', '4242 4242 4242 4242, 378282246310005 and 5105105105105100'],
  ['a card without an issuer', '9539578763621485'],
  ['a time in milliseconds', '1700000000000 and 1516239022000'],
  ['a long id', 'order 45395787636214861234567'],
  ['an id in a link', 'https://acme.io/items/4539578763621486'],
  ['a decimal', '0.4539578763621486'],
  ['a list of numbers', '4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6'],
  ['groups of other sizes', '45 395787 636214 86'],
  ['a hash', 'a4539578763621486b'],
  ['a barcode', '4006381333931'],
  ['a wrong IBAN', 'DE45500105175407324931'],
  ["Wikipedia's IBAN", 'GB82 WEST 1234 5698 7654 32'],
  ['an IBAN of another length', 'DE595001051754073249'],
  ['a product code', 'AB12 3456 7890 1234'],
  ['numbers that no one has', '000-12-3456, 666-12-3456, 912-12-3456, 536-00-8726, 536-22-0000'],
  ['the number of the advertisement', '078-05-1120, 123-45-6789'],
  ['a date', '2024-01-15, 536-22-87261'],
  ['a telephone without a country', '415-867-5309, (030) 123456, 0151 23987654'],
  ['a telephone of films', '+1 415 555 0132, +44 7700 900123'],
  ['a placeholder for a telephone', '+1234567890, +49 123 456789'],
  ['a sum', '5 +12398765432 and x+49151239876'],
  ['a time zone', '2024-01-15T12:30:00+0100, UTC+1'],
  ['a telephone that is too short or too long', '+1 415 867 530, +49 30 12 45, +1 415 867 5309 88'],
  ['points', '+10000000000, +49 30 5555555, +33 1 23 45 67 89'],
  ['a code that is not given out', '+999 151 23987654'],
  ['an address of a computer', '192.168.0.1, 8.8.8.8, version 1.2.3.4'],
  ['prices', '1 000 000 000 000 and 12,345,678,901,234'],
  ['nothing', ''],
];

describe('personal-data', function () {
  this.timeout(30_000);

  for (const [title, marked, placeholder] of found) {
    it(`finds ${title}`, () => {
      const text = withoutMarks(marked);
      const findings = findIn(findPersonalData, text);
      assert.equal(drawMarks(text, findings), marked);
      assert.equal(fixedText(findings), marked.replace(/⟦[^⟧]*⟧/g, placeholder));
      assert.deepEqual(findIn(findPersonalData, fixedText(findings) ?? text), []);
      assert.ok(findings.every(({ message }) => message.includes(placeholder)));
    });
  }

  for (const [title, text] of right) it(`leaves ${title} alone`, () => assert.deepEqual(findIn(findPersonalData, text), []));

  it('mends different kinds in one text at once', () => {
    const findings = findIn(findPersonalData, 'ada@posteo.de, +49 151 23987654');
    assert.deepEqual(
      findings.map(({ fix }) => fix),
      [1, 2].map(() => ({
        kind: 'replace-value',
        title: 'Replace it by "[e-mail]" and "[phone number]"',
        isSafe: false,
        text: '[e-mail], [phone number]',
      })),
    );
  });

  it('does not repeat what it found', () => {
    for (const [, marked] of found) {
      const datum = /⟦([^⟧]*)⟧/.exec(marked)?.[1] ?? '';
      assert.ok(findIn(findPersonalData, withoutMarks(marked)).every(({ message }) => !message.includes(datum.slice(0, 6))));
    }
  });

  it('takes linear time for hostile texts', () => {
    for (const unit of ['a', '@', 'a@', 'a@a.', '1 ', '1', '+1', '+1 ', '1-', 'DE12 ', 'A1', '123-45-', 'a.', '((', '+1(']) {
      const ms = elapsedMs(() => findIn(findPersonalData, `x@ ${unit.repeat(1e6 / unit.length)}@`));
      assert.ok(ms < 3000, `${unit}: ${ms} ms`);
    }
  });
});
