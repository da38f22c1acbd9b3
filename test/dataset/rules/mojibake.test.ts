import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { findMojibake } from '../../../dataset/rules/mojibake';
import { drawMarks, elapsedMs, findIn, fixedText, withoutMarks } from './text-row';

/** The text with the first place marked, and what it was. */
const broken: [string, string][] = [
  ['caf⟦Ã©⟧', 'café'],
  ['⟦Ã©⟧tait-ce vrai', 'était-ce vrai'],
  ['don⟦â€™⟧t', 'don’t'],
  ['he said ⟦â€œ⟧yesâ€\u009d to me', 'he said “yes” to me'],
  ['wait⟦â€¦⟧', 'wait…'],
  ['10 ⟦â‚¬⟧', '10 €'],
  ['Temper⟦â„¢⟧', 'Temper™'],
  ['⟦Ã¼⟧ber', 'über'],
  ['⟦Ãœ⟧bung', 'Übung'],
  ['Stra⟦ÃŸ⟧e', 'Straße'],
  ['⟦Ã„⟧rger mit dem Paket', 'Ärger mit dem Paket'],
  ['R⟦Ã‰⟧SUMÃ‰', 'RÉSUMÉ'],
  ['⟦Â£⟧5', '£5'],
  ['20 ⟦Â°⟧C', '20 °C'],
  ['5⟦Â\u00a0⟧kg', '5\u00a0kg'],
  ['il va ⟦Ã\u00a0⟧ Paris', 'il va à Paris'],
  ['no⟦Ã«⟧l', 'noël'],
  ['⟦Ã…⟧rhus', 'Århus'],
  ['S⟦Ã£⟧o Paulo', 'São Paulo'],
  ['uma a⟦Ã§⟧Ã£o', 'uma ação'],
  ['to si⟦Ä™⟧ nie uda', 'to się nie uda'],
  ['⟦Å‚⟧Ã³dÅº', 'łódź'],
  ['⟦Ä°⟧stanbul', 'İstanbul'],
  ['ti⟦áº¿⟧ng Viá»‡t', 'tiếng Việt'],
  ['⟦Ð¿⟧Ñ€Ð¸', 'при'],
  ['⟦Ð¡⟧Ñ\u0082Ñ\u0080', 'Стр'],
  ['⟦Î±⟧Î»Ï†Î±', 'αλφα'],
  ['⟦æ—¥⟧æœ¬èªž', '日本語'],
  ['nice ⟦ðŸ˜€⟧', 'nice 😀'],
  ['⟦ï»¿⟧text', '\ufefftext'],
  ['caf⟦Ãƒ⟧Â©', 'café'],
  ['don⟦Ã¢⟧â‚¬â„¢t', 'don’t'],
  ['⟦Рџ⟧СЂРёРІРµС‚', 'Привет'],
  ['don⟦‚Äô⟧t', 'don’t'],
  ['don⟦\u0092⟧t', 'don’t'],
  ['⟦\u0093⟧quoted\u0094', '“quoted”'],
  ['M⟦Ã¼⟧ller', 'Müller'],
  ['M⟦Ã©⟧xico', 'México'],
  ['⟦Â«⟧ oui Â»', '« oui »'],
  ['a right é, and caf⟦Ã©⟧', 'a right é, and café'],
];

/** Texts that nobody decoded wrongly, though what is in them looks like it. */
const right = [
  'São Paulo, NÃO, AÇÃO, IRMÃ, AMANHÃ… “MANHÔ, IRMÃ—',
  'A MÃE DA IRMÃ³',
  'CAFÂ® es una marca',
  'la lettre “â”» suit',
  'l’ÂGE D’OR; la lettre «Â» et «Ã»',
  'voilà\u00a0», dit-il, « café\u00a0» et « santé\u00a0»',
  'l’été… À Noël, où est-il ? Ça va !',
  'Il a dit « CAFÉ », puis « É »',
  'CAFÉ”, he wrote; “É”',
  'Tiếng Việt rất đẹp. Âm nhạc.',
  'Það er gott veður á Íslandi, við ÍSLAND.',
  'Größe, ÄRGER, ÜBER, Ä“, „Ä“',
  'Đorđe, Łódź, się, İstanbul, ışık, Škoda, Žižek, œuvre, Ÿ',
  'Σ’ αγαπώ — Ωμέγα',
  'Привет, как дела? Р. С. Т.',
  'РОССИЯ°',
  '日本語のテキスト',
  '£5, €10, ¥100, 20 °C, ½, ©, ®, ™, §, ±',
  'x ∈ ℝ, 2√π, √2, ∞',
  '😀 👍🏽',
  'naïve façade coöperate',
  'a ± b · c « d »',
];

/** Every small text here, put through the wrong decoding by Node's own decoders. */
const languages = [
  'Übergrößenträger sind häufig in Städten',
  'Où êtes-vous passés à Noël dernier ?',
  '¿Dónde está mi tarjeta? ¡Mañana!',
  'Příliš žluťoučký kůň úpěl ďábelské ódy',
  'Zażółć gęślą jaźń',
  'Съешь ещё этих мягких французских булок',
  'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία',
  'דג סקרן שט בים',
  'نص حكيم له سر قاطع',
  'いろはにほへと',
  '“It’s here” – isn’t it…',
];

const garble = (text: string) => new TextDecoder('windows-1252').decode(Buffer.from(text));

describe('mojibake', function () {
  this.timeout(30_000);

  for (const [marked, fixed] of broken) {
    it(`repairs ${JSON.stringify(withoutMarks(marked))}`, () => {
      const text = withoutMarks(marked);
      const findings = findIn(findMojibake, text);
      assert.equal(fixedText(findings), fixed);
      assert.equal(drawMarks(text, findings), marked);
      assert.deepEqual(findIn(findMojibake, fixed), []);
    });
  }

  for (const text of right) it(`accepts ${JSON.stringify(text)}`, () => assert.deepEqual(findIn(findMojibake, text), []));

  for (const text of languages) {
    it(`repairs what was decoded wrongly once or twice: ${text}`, () => {
      assert.deepEqual(findIn(findMojibake, text), []);
      assert.equal(fixedText(findIn(findMojibake, garble(text))), text);
      assert.equal(fixedText(findIn(findMojibake, garble(garble(text)))), text);
    });
  }

  it('says what it read, how often, and what it should be', () => {
    const message = (text: string) => findIn(findMojibake, text)[0]?.message ?? '';
    assert.equal(message('a caf\u00c3\u00a9 here'), '"Ã©" is UTF-8 that was read as windows-1252: the text should be "café".');
    assert.match(message('Ã¼ber Ã¼bel'), /read as windows-1252, one of 2: /);
    assert.match(message('cafÃƒÂ©'), /windows-1252 twice/);
    assert.match(message('don\u0092t'), /^U\+0092 is a control character: .*latin-1, and should be "don’t"\.$/);
  });

  it('reports lost characters, which nothing brings back', () => {
    const findings = findIn(findMojibake, 'caf\ufffd and th\ufffd');
    assert.match(findings[0]?.message ?? '', /^2 characters were lost .*U\+FFFD/);
    assert.deepEqual(findings[0]?.within, { start: 3, end: 4 });
    assert.equal(findings[0]?.fix, undefined);
  });

  it('reports a control character that no encoding explains, without a repair', () => {
    const [finding] = findIn(findMojibake, 'ścieżki\u0083');
    assert.match(finding?.message ?? '', /U\+0083 is a control character, left over/);
    assert.equal(finding?.fix, undefined);
  });

  it('never repairs a text in windows-1252 that says the same in UTF-8', () => {
    for (let first = 0xc0; first <= 0xff; first++) {
      for (const behind of ['', ' ', '.', ',', '!', ')', '-', 'a', 'A', '1', '”', '»', '…', '’s', '\u00a0»', '—']) {
        const text = `word ${String.fromCharCode(first)}${behind} word`;
        if (!/[ÂÃ]\u00a0/.test(text)) assert.deepEqual(findIn(findMojibake, text), [], JSON.stringify(text)); // those are "à" and a space
      }
    }
  });

  it('takes linear time for hostile texts', () => {
    for (const unit of ['Ã', 'Ã©', 'â€', 'â€™', 'ðŸ', 'ÃƒÂ', 'Р°', 'é\u00a0»', '\u0092', '\ufffd']) {
      const ms = elapsedMs(() => findIn(findMojibake, unit.repeat(1e6 / unit.length)));
      assert.ok(ms < 3000, `${JSON.stringify(unit)}: ${ms} ms`);
    }
  });
});
