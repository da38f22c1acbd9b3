import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { languageCode, languageName } from '../../../dataset/rules/language';
import { scriptOf } from '../../../dataset/rules/language-scripts';
import { elapsedMs } from './text-row';

const unknown = 'an unknown language';
const languageOf = (text: string) => languageName(languageCode(text));

const texts: [string, string][] = [
  ['English', 'Where is my parcel? It should have been here on Monday.'],
  ['German', 'Wo ist mein Paket? Es hätte schon am Montag hier sein sollen.'],
  ['German', 'Ich moechte mein Geld zurueck, weil die Ware nicht gut ist.'],
  ['French', 'Où est mon colis ? Il devait être ici lundi dernier.'],
  ['Spanish', '¿Dónde está mi paquete? Tenía que llegar el lunes pasado.'],
  ['Italian', 'Dove si trova il mio pacco? Doveva essere qui lunedì.'],
  ['Portuguese', 'Onde está a minha encomenda? Devia ter chegado na segunda-feira.'],
  ['Dutch', 'Waar is mijn pakket? Het had maandag al hier moeten zijn.'],
  ['Swedish', 'Var är mitt paket? Det skulle ha varit här i måndags.'],
  ['Danish or Norwegian', 'Hvor er pakken min? Den skulle ha vært her på mandag.'],
  ['Finnish', 'Missä pakettini on? Sen piti olla täällä jo maanantaina, mutta ei ole.'],
  ['Polish', 'Gdzie jest moja paczka? Miała być tutaj już w poniedziałek.'],
  ['Czech or Slovak', 'Kde je můj balík? Měl tady být už v pondělí, ale není.'],
  ['Hungarian', 'Hol van a csomagom? Már hétfőn itt kellett volna lennie, de nincs.'],
  ['Romanian', 'Unde este coletul meu? Trebuia să fie aici de luni, dar nu este.'],
  ['Turkish', 'Paketim nerede? Pazartesi günü burada olması gerekiyordu ama hâlâ yok.'],
  ['Indonesian or Malay', 'Di mana paket saya? Seharusnya sudah ada di sini pada hari Senin.'],
  ['Vietnamese', 'Gói hàng của tôi đâu? Đáng lẽ nó phải đến vào thứ Hai.'],
  ['Cyrillic', 'Где моя посылка?'],
  ['Greek', 'Πού είναι το δέμα μου;'],
  ['Arabic', 'أين طردي؟'],
  ['Hebrew', 'איפה החבילה שלי?'],
  ['Devanagari', 'मेरा पार्सल कहाँ है?'],
  ['Thai', 'พัสดุของฉันอยู่ที่ไหน'],
  ['Korean', '내 소포는 어디에 있나요?'],
  ['Japanese', '私の荷物はどこですか？'],
  ['Chinese', '我的包裹在哪里？星期一就应该到了。'],
  // nearly nothing to go by
  [unknown, ''],
  [unknown, 'OK'],
  [unknown, 'Where is my parcel?'],
  [unknown, 'you should have been there'],
  [unknown, 'Where is my parcel, and when will it be here? Wo ist mein Paket, und wann ist es hier?'],
  [unknown, `${'alpha beta gamma delta epsilon zeta eta theta '.repeat(4)} they would have been with you`],
  [unknown, 'Identificador "_this" duplicado "_what" "_with" "_would" variable "_this" referencia'],
  [unknown, 'Kuala Lumpur Berlin Paris London Madrid Rome'],
  [unknown, 'cheap flights london paris tomorrow morning'],
  [unknown, '😀 👍 12345 !!!'],
  [unknown, 'α'],
  [unknown, '¯\\_(ツ)_/¯'],
  [unknown, '東京都'],
  [unknown, 'git commit --amend --no-edit && git push --force origin main'],
  [unknown, 'pages/common/aws-s3-cp.md s3 s3 s3 s3 s3 s3'],
  [unknown, 'Translate: Где моя посылка? Where is my parcel?'],
  // English with words of others
  ['English', 'We had a good time at the Santa Maria della Salute in Venice.'],
  ['English', 'The Champs-Élysées and the Café de la Paix are both in Paris.'],
  ['English', "I'm looking for a restaurant in San Jose that has tacos al pastor."],
];

const scripts: [string, string][] = [
  ['Latin', 'abc'],
  ['none', 'ab'],
  ['none', 'abc где'],
  ['Cyrillic', 'где моя x'],
  ['Kana', '日本語の'],
  ['Han', '日本語'],
  ['Hangul', '한국어입니다 x'],
  ['none', '123 !?'],
];

/** The messages of TypeScript in other languages: texts that were not written for this test. */
const messagesDir = 'node_modules/typescript/lib';
const translated: [string, string, number][] = [
  ['de', 'German', 0.8],
  ['fr', 'French', 0.8],
  ['es', 'Spanish', 0.6],
  ['it', 'Italian', 0.8],
  ['pt-br', 'Portuguese', 0.75],
  ['pl', 'Polish', 0.8],
  ['tr', 'Turkish', 0.7],
  ['cs', 'Czech or Slovak', 0.7],
  ['ru', 'Cyrillic', 0.85],
];

function readMessages(language: string): string[] {
  const parsed: unknown = JSON.parse(readFileSync(join(messagesDir, language, 'diagnosticMessages.generated.json'), 'utf8'));
  const messages = Object.values(typeof parsed === 'object' && parsed ? parsed : {}).filter((value) => typeof value === 'string');
  return messages.filter((message) => message.split(/\s+/).length >= 8);
}

describe('languageCode', function () {
  this.timeout(30_000);

  for (const [name, text] of texts) it(`takes ${JSON.stringify(text)} for ${name}`, () => assert.equal(languageOf(text), name));

  for (const [script, text] of scripts) it(`finds the script of ${text}: ${script}`, () => assert.equal(scriptOf(text), script));

  it('is 0 for what is not known, and small', () => {
    assert.equal(languageCode(''), 0);
    for (const [name, text] of texts) {
      const code = languageCode(text);
      assert.ok(Number.isInteger(code) && code < 64 && (code === 0) === (name === unknown), text);
    }
  });

  it('does not depend on what it saw before', () => {
    const codes = texts.map(([, text]) => languageCode(text));
    const backwards = [...texts].reverse().map(([, text]) => languageCode(text));
    assert.deepEqual(backwards.reverse(), codes);
  });

  for (const [language, name, part] of translated) {
    it(`knows ${name} in most messages of TypeScript, and takes almost none for another language`, () => {
      const names = readMessages(language).map(languageOf);
      const right = names.filter((found) => found === name).length;
      const wrong = names.filter((found) => found !== name && found !== unknown);
      assert.ok(right >= part * names.length, `${right} of ${names.length}`);
      assert.ok(wrong.length <= 0.004 * names.length, wrong.join());
    });
  }

  it('takes almost no English sentence for another language', function () {
    const file = '../shared/data/service-dialogues/utterances.txt';
    if (!existsSync(file)) {
      console.log(`      skipped: there is no ${file}`);
      return this.skip();
    }
    const names = readFileSync(file, 'utf8').split('\n').map(languageOf);
    const wrong = names.filter((name) => name !== 'English' && name !== unknown);
    assert.ok(names.filter((name) => name === 'English').length > 0.7 * names.length);
    assert.ok(wrong.length <= names.length / 10_000, `${wrong.length} of ${names.length}`);
  });

  it('looks at the beginning of a text that is long', () => {
    assert.equal(
      languageOf(`${'Where is my parcel, and why is it not here? '.repeat(60)}${'где моя посылка '.repeat(1000)}`),
      'English',
    );
    for (const unit of ['a', 'ä ', 'the ', 'я', '0']) assert.ok(elapsedMs(() => languageCode(unit.repeat(1e6))) < 200);
  });
});
