import assert from 'node:assert/strict';
import { detectHeader } from '../../../dataset/formats/detect-header';
import { detectSeparator } from '../../../dataset/formats/detect-separator';
import { openDelimited } from '../../../dataset/formats/delimited';
import { openText, settings } from './read-blocks';

describe('detectSeparator', () => {
  const table: [string, string, string, string, RegExp?][] = [
    ['commas', ',', 'a,b\n1,2\n3,4\n', ',', /3 of 3 rows have 2 cells/],
    ['semicolons in a .csv file', ',', 'text;label\nhi, you;a\nwell, no;b\n', ';', /";": 3 of 3 rows have 2 cells/],
    ['bars', ',', 'text|label\nhi|a\n', '|'],
    ['tabs in a .csv file', ',', 'text\tlabel\nhi\ta\n', '\t', /"\\t": 2 of 2/],
    ['commas in a .tsv file', '\t', 'text,label\nhi,a\n', ','],
    ['commas, though the texts have semicolons', ',', 'text,label\na;b;c,x\nd;e;f,y\n', ','],
    ['commas, where semicolons would do as well', ',', 'a;b;c,d\n1;2;3,4\n', ','],
    ['semicolons inside quotes', ',', '"a;b"\n"c;d"\n', ',', /2 of 2 rows have 1 cell$/],
    ['one column of texts with commas', ',', 'text\nyes, but\nno\n', ','],
    ['one column of texts with bars here and there', ',', 'a | b\nc\nd | e | f\n', ','],
    ['semicolons where the header has a comma', ',', 'name, first;label\nx;a\ny;b\nz;c\n', ';'],
    ['nothing', ',', '', ','],
    ['quoted newlines', ',', 'text;label\n"a\nb,c";x\n', ';'],
  ];
  for (const [title, preferred, head, separator, reason = /./] of table) {
    it(`tells ${title}`, () => {
      const found = detectSeparator(head, preferred);
      assert.equal(found.separator, separator);
      assert.match(found.reason, reason);
    });
  }

  it('looks only at whole rows of a head that was cut off', () => {
    const head = `text;label\n${'x;y\n'.repeat(20_000)}`.slice(0, 65_535).padEnd(65_536, ';');
    assert.match(detectSeparator(head, ',').reason, /100 of 100/);
  });

  it('is not asked where the config says it', () => {
    const parser = openText(openDelimited(','), 'a;b\n1;2\n', { separator: ',' });
    assert.deepEqual([parser.columns, parser.reasons[0]], [['a;b'], 'the separator is ",", as data.separator says']);
  });
});

describe('detectHeader', () => {
  const table: [string, boolean, string[][], RegExp][] = [
    ['usual names', true, [['Text', 'x'], ['a', 'x'], ['b', 'x'], ['c', 'x']], /it has "Text"/], // prettier-ignore
    ['other names', true, [['v1', 'v2'], ['ham', 'a b c d e'], ['ham', 'b'], ['spam', 'c']], /does not look like/], // prettier-ignore
    ['a label that stands again', false, [['ham', 'a'], ['spam', 'b'], ['ham', 'c'], ['ham', 'd'], ['spam', 'e']], /"ham" stands in its column 1 again/], // prettier-ignore
    ['a word that stands again among many', true, [['one', 'x'], ['two', 'y'], ['one', 'z'], ['three', 'u'], ['four', 'v']], /header/], // prettier-ignore
    ['a text among texts', false, [['where is my parcel', 'x'], ['it has not come yet', 'y'], ['how do I pay it', 'z'], ['when will it come here', 'u']], /a text in column 1/], // prettier-ignore
    ['a long name over short cells', true, [['How happy are you today?', 'n'], ['very', '1'], ['not', '2'], ['somewhat', '3']], /header/], // prettier-ignore
    ['a header that stands again where files were joined', true, [['kind', 'v'], ['a', 'x'], ['a', 'y'], ['kind', 'v'], ['a', 'z']], /header/], // prettier-ignore
    ['too few rows to tell', true, [['ham', 'a'], ['ham', 'b']], /header/], // prettier-ignore
    ['nothing', true, [], /header/],
  ];
  for (const [title, isThere, rows, reason] of table) {
    it(`takes the first row for ${isThere ? 'the header' : 'data'}: ${title}`, () => {
      const found = detectHeader(rows, settings);
      assert.equal(found.isThere, isThere);
      assert.match(found.reasons[0] ?? '', reason);
    });
  }

  it('knows the columns of the config', () => {
    const rows = [['frage', 'ham'], ['a', 'ham'], ['b', 'ham'], ['c', 'ham']]; // prettier-ignore
    assert.equal(detectHeader(rows, settings).isThere, false);
    assert.equal(detectHeader(rows, { ...settings, textColumn: 'frage' }).isThere, true);
  });

  it('gives way to the config, and its reason is one of the parser', () => {
    const text = 'ham,a\nspam,b\nham,c\nspam,d\nspam,e\n';
    assert.match(openText(openDelimited(','), text).reasons[1] ?? '', /first row is data/);
    const told = openText(openDelimited(','), text, { hasHeader: true });
    assert.deepEqual([told.columns, told.reasons[1]], [['ham', 'a'], 'the first row is the header, as data.hasHeader says']);
  });
});
