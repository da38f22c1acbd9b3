/**
 * What tells the languages of the Latin script apart: their small words, how their words end, and letters of their own.
 * Written by hand from what is frequent; languages that are often taken for one another are all here, so that a text in
 * one of them is not called the other. Danish and Norwegian stand together, and so do Czech and Slovak, Indonesian and Malay.
 */

export interface LanguageMarks {
  readonly name: string;
  readonly words: string;
  /** The last three letters of longer words. */
  readonly endings: string;
  readonly letters: string;
}

export const latinLanguages: readonly LanguageMarks[] = [
  {
    name: 'English',
    words:
      'the a i he of and to in is it that was for on are with as his they at be this from have has had or by one not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into more two like him see could make than been its who now people my made over did down only way find use may long little very after our just where most know get through back much before also go good new write any same right look think even because such here take why help put different again off old men say small every found still between name should never under last might while saw left don few those always show together got being want please need does cannot',
    endings: 'ing ght ity ous ful ith uld ely tly ess ugh ies ble ock ook ave eed eet own ish hip rom hey ore',
    letters: '',
  },
  {
    name: 'German',
    words:
      'der die das und ist nicht ich du er sie es wir ihr ein eine einen einem einer eines den dem des zu in im mit auf für von an am als auch aus bei nach wie was war sind hat haben hatte wird werden wurde kann können muss müssen soll sollte dass daß wenn aber oder nur noch so schon sehr mehr mir mich dir dich sich uns euch ihm ihn ihnen mein meine dein sein seine seiner ihre ihren unser diese dieser dieses kein keine um über unter vor durch gegen ohne bis weil denn doch da dann hier dort wo wer warum immer wieder jetzt zum zur vom beim alle alles viel bitte gibt möchte habe bin gut machen',
    endings: 'ung ich sch eit hen ist end cht tet ten gen den ter ßen ein uch aft tzt ben ern',
    letters: 'ßäöü',
  },
  {
    name: 'French',
    words:
      'le la les de des du un une et est il elle que qui dans en pour pas ne sur se ce au aux avec par plus je tu nous vous ils elles on sont son sa ses leur leurs mais ou où donc comme tout tous toute toutes être avoir fait faire été était ont cette ces cet mon ma mes ton ta tes notre votre nos vos si bien très sans sous entre après avant aussi quand même peu peut encore rien alors chez vers lui moi toi quel quelle dont avez suis ai as êtes sommes étaient cela ça deux non oui merci voici fichier peux doit',
    endings: 'ent ait ont ion eur que ais ant ées aux oir ère ier eux ême ais ire ité nce',
    letters: 'éèêçàùûôîëïœâ',
  },
  {
    name: 'Spanish',
    words:
      'el la los las de del un una unos unas y e que en es no se por con para su sus al lo como más pero o este esta estos estas ese esa eso esto fue ha han había ser está están son era eran hay muy sin sobre también me mi mis te tu tus nos le les ya cuando donde dónde quien porque qué cómo todo todos toda todas si sí entre hasta desde hace tiene tienen puede pueden hacer yo él ella ellos ellas usted nosotros otro otra bien así después antes siempre nunca tengo quiero gracias hola solo sólo estoy cada dos',
    endings: 'ado ada dos das ido aba ien ero era dad cia ina ndo rse lla llo nte ces',
    letters: 'ñ¿¡áéíóú',
  },
  {
    name: 'Italian',
    words:
      'il lo la i gli le di del della dello dei degli delle a al alla alle ai da dal dalla in nel nella nei nelle con su sul sulla per tra fra un uno una e ed è che non si sono era ho ha hanno hai mi ti ci vi ne come più ma anche se o questo questa questi queste quello quella cosa chi quando dove perché essere stato stata fatto fare molto tutto tutti tutta ancora io tu lui lei noi voi loro mio mia suo sua suoi nostro così già poi solo dopo prima ogni senza può possono deve qui ciao grazie bene sto sei siamo',
    endings: 'are ere ire one oni ità ato ata ati ate lla llo gli che nza ndo tto tta sso nte iva ico',
    letters: 'èìòàù',
  },
  {
    name: 'Portuguese',
    words:
      'o a os as de do da dos das em no na nos nas um uma uns umas e que é não se por para com ao aos à às mais mas como foi são ser tem têm era está estão seu sua seus suas ele ela eles elas eu você vocês nós me meu minha isso isto este esta esse essa muito também já quando onde quem porque até sem sobre entre depois antes só pelo pela pelos pelas ou há pode podem fazer tudo todo todos toda todas bem ainda agora aqui obrigado obrigada olá sim estou tenho quero foram havia mesmo cada dois vem dessa desse desta deste nesta neste nessa nesse',
    endings: 'ção ões ado ada dos das ndo mos ria nte vel ais eis uma ram cia sse',
    letters: 'ãõçáéíóúâêô',
  },
  {
    name: 'Dutch',
    words:
      'de het een en van ik te dat die in is je niet zijn op aan met als voor had er maar om hem dan zou of wat mijn men dit zo door over ze zich bij ook tot mij uit der daar haar naar heb hoe heeft hebben deze want nog zal me zij nu ge geen omdat iets worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja werd wezen zelf tegen komt goed hier wie waarom wij we jij jullie ons onze kunnen moeten wordt gaat weer altijd graag bent deel niets andere wil was uw u',
    endings: 'ijk aar ijn oor eer een ijf oek ken ren gen ten jes oet aan den elt',
    letters: '',
  },
  {
    name: 'Swedish',
    words:
      'och att det i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara vad över än dig kan sina här ha mot alla under någon eller allt mycket sedan ju denna själv detta åt utan varit hur ingen mitt ni bli blev oss din dessa några deras blir mina samma vilken er sådan vår vem vill bara också ska finns måste mer gör får kommer två bra tack hej',
    endings: 'ade het ing ska lig nde ast are äll ick ött ägg ort',
    letters: 'åäö',
  },
  {
    name: 'Danish or Norwegian',
    words:
      'og i jeg det at en den til er som på de med han av af for ikke der var mig meg sig seg men et har om vi min havde hadde ham hun nu nå over da fra du ud ut sin dem os oss op opp man hans hvor eller hvad hva skal selv her alle vil blev ble kunne ind når være vært dog noget noe ville jo deres efter etter ned skulle denne end enn dette mit også under dig deg anden hende henne mine alt meget mye sit sine mod mot disse hvis din nogle noen hos blive bli mange ad bliver blir hendes været jer sådan slik dere hvordan hvorfor kommer godt takk tak hej kan må får',
    endings: 'ede sen lig ing ske hed het nde ene ter ken ste',
    letters: 'øæå',
  },
  {
    name: 'Finnish',
    words:
      'ja on ei se että hän oli en ole mutta niin kun kuin minä sinä me he te mitä mikä joka jos tämä tai vain nyt myös ovat olen olet olla ollut hänen minun sinun sen sitä tässä siitä kanssa mukaan vielä jo sitten kaikki hyvin paljon voi eivät jotta koska kuka missä miksi miten näin niitä joita nämä ne tämän siinä olisi enää aina kiitos',
    endings: 'nen ssa ssä sta stä lla llä lta ltä lle uus taa ään een iin aan tta ttä vat vät sti ksi',
    letters: 'äö',
  },
  {
    name: 'Polish',
    words:
      'i w nie na się z do to że jest jak o a co ale po tak za od czy ma przez dla go mnie już tylko był była było były przy jego jej ich ze może które który która być są mi ja ty on ona ono my wy oni tym tego ten ta te bardzo kiedy gdzie kto dlaczego więc jeszcze lub oraz pod nad bez też będzie sobie jako nas nam was wszystko mam masz można proszę dziękuję dzień dobry tu tam ten tej ich',
    endings: 'ość ego ych emu ami ach nie nia ani ści ski cie ały ała wać ych cją iem rze',
    letters: 'ąćęłńśźżó',
  },
  {
    name: 'Czech or Slovak',
    words:
      'a se v je na to že s z do o i jako by za pro tak ale po si jsem jsou jak co byl byla bylo který která které není nebo když už jen při ještě má být ve ten ta mě mi mu ho jeho její jejich od kde kdo proč jsme jste bude může tedy ani než před pod nad bez také tady něco všechno velmi dobrý děkuji prosím sa som sú ako čo už nie aj len pri ešte alebo keď podľa ktorý ktorá ktoré',
    endings: 'ých ého ému ost ová ení ání ách ami ité ský ala ilo ých ním ech',
    letters: 'ěřůčšžýáíéľťď',
  },
  {
    name: 'Hungarian',
    words:
      'a az és hogy nem is egy ez azt meg de csak ha mint már van volt el ki be fel le én te ő mi ti ők ezt még vagy mert nagyon most kell minden itt ott hol mit aki ami amely lesz lehet nincs vannak voltak szerint után között alatt által pedig akkor így úgy sem jó köszönöm kérem igen',
    endings: 'ban ben nak nek hoz hez ság ség tam tem ból ből ról ről val vel ott ett ító ása ése',
    letters: 'őűöüáé',
  },
  {
    name: 'Romanian',
    words:
      'și şi de la în a o un cu pe nu că să ce este din mai sau care pentru au fost ca se al ai ale lui ei el ea sunt era am ne vă mă îi îl dar dacă cum când unde doar după foarte fi are această acest aceasta acesta acum toate tot prin până fără noi voi ei lor bine mulțumesc vreau poate trebuie',
    endings: 'lor ate uri ele are esc iei nea tea rea ție ții',
    letters: 'ăâîșțşţ',
  },
  {
    name: 'Turkish',
    words:
      've bir bu da de için ne o ile mi mı ben sen biz siz var yok çok daha gibi ama en kadar olarak olan olduğu sonra ya her şey değil nasıl neden niçin hangi kim benim senin onun bana sana ona beni seni onu şimdi iyi bunu şu ise veya hem olur oldu oldum olsun evet hayır lütfen teşekkür teşekkürler merhaba istiyorum zaman önce tüm bütün ki diye göre bile artık yeni',
    endings: 'lar ler yor rum dır dir lik lık nda nde dan den mak mek dım dim nın nin',
    letters: 'ğışçİ',
  },
  {
    name: 'Indonesian or Malay',
    words:
      'yang dan di ke dari ini itu untuk dengan pada tidak adalah dalam akan ada saya anda kami kita mereka dia juga oleh karena sebagai atau bisa dapat telah sudah lebih hanya apa bagaimana mengapa kapan siapa jika tapi tetapi seperti satu banyak sangat belum masih lagi semua orang aku kamu harus bukan tak boleh kerana terima kasih tolong ingin',
    endings: 'kan nya kan lah han aan gan ang ung',
    letters: '',
  },
  {
    name: 'Vietnamese',
    words:
      'là và của có không được cho với các một những trong người này đã để khi tôi bạn đó thì cũng ở về như nhiều hay rất làm tại vì từ đến ra sẽ phải nếu nào gì chúng anh em chị ông bà lại đang vào trên sau theo cách hơn còn nhưng mà',
    endings: 'ông ơng',
    letters: 'đơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ',
  },
];
