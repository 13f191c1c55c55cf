/**
 * What a query may call, in lower case: pure functions of their arguments and the clock.
 * Whatever is not here is refused, a new function of the engine too. Left out on purpose
 * are those that tell of the server, its settings or storage, read dictionaries, tables or
 * files, wait, throw, run a function named by text, or rebuild internal states from bytes.
 */
const scalar = words(`
  abs acos acosh age and array arrayall arrayavg arraycompact arrayconcat arraycount
  arraycumsum arraycumsumnonnegative arraydifference arraydistinct arraydotproduct
  arrayelement arrayelementornull arrayenumerate arrayenumeratedense arrayenumerateuniq
  arrayexcept arrayexists arrayfill arrayfilter arrayfirst arrayfirstindex arrayfirstornull
  arrayflatten arrayfold arrayintersect arrayjaccardindex arrayjoin arraylast
  arraylastindex arraylastornull arraymap arraymax arraymin arraypopback arraypopfront
  arrayproduct arraypushback arraypushfront arrayremove arrayresize arrayreverse
  arrayreversefill arrayreversesort arrayreversesplit arrayrotateleft arrayrotateright
  arrayslice arraysort arraysplit arraystringconcat arraysum arraysymmetricdifference
  arrayunion arrayuniq arraywithconstant arrayzip ascii asin asinh assumenotnull atan atan2
  atanh bar base58decode base58encode base64decode base64encode base64urldecode
  base64urlencode bin bitand bitcount bithammingdistance bitnot bitor bitshiftleft
  bitshiftright bittest bitxor caseWithExpression cast _cast cbrt ceil ceiling char
  char_length character_length cityhash64 clamp coalesce concat concat_ws
  concatwithseparator cos cosh countdigits countequal countmatches
  countmatchescaseinsensitive countsubstrings crc32 cutfragment cutquerystring
  cutquerystringandfragment cuttofirstsignificantsubdomain cuturlparameter cutwww date
  date_add date_diff date_sub date_trunc dateadd datediff datename datesub datetrunc day
  dayofmonth dayofweek dayofyear decodehtmlcomponent decodeurlcomponent
  decodeurlformcomponent decodexmlcomponent degrees divide divideornull domain
  domainwithoutwww e editdistance empty emptyarraydate emptyarraydatetime
  emptyarrayfloat64 emptyarrayint64 emptyarraystring emptyarrayuint64 encodeurlcomponent
  encodeurlformcomponent encodexmlcomponent endswith endswithcaseinsensitive equals erf
  erfc exists exp exp10 exp2 extract extractall extractallgroups
  extractallgroupshorizontal extractallgroupsvertical extractgroups extractkeyvaluepairs
  extracturlparameter extracturlparameternames extracturlparameters factorial
  farmfingerprint64 farmhash64 firstnondefault firstsignificantsubdomain flatten
  flattentuple floor format formatdatetime formatreadabledecimalsize
  formatreadablequantity formatreadablesize formatreadabletimedelta fragment
  from_unixtime fromunixtimestamp fromunixtimestamp64micro fromunixtimestamp64milli
  fromunixtimestamp64nano fromunixtimestamp64second gcd greater greaterorequals greatest
  halfmd5 has hasall hasany hassubsequence hassubstr hastoken hex hour hypot identity if
  ifnotfinite ifnull ilike in indexof initcap initcaputf8 intdiv intdivornull intdivorzero
  intexp10 intexp2 inthash32 inthash64 isdistinctfrom isfinite isinfinite isnan
  isnotdistinctfrom isnotnull isnull isvalidjson isvalidutf8 iszeroornull jarosimilarity
  jarowinklersimilarity json_exists json_query json_value jsonarraylength jsonextract
  jsonextractarrayraw jsonextractbool jsonextractfloat jsonextractint jsonextractkeys
  jsonextractkeysandvalues jsonextractkeysandvaluesraw jsonextractraw jsonextractstring
  jsonextractuint jsonhas jsonkey jsonlength jsontype kostikconsistenthash lambda lcase
  lcm least left leftpad leftpadutf8 leftutf8 length lengthutf8 less lessorequals lgamma
  like ln locate log log10 log1p log2 lower lowerutf8 lpad ltrim makedate makedatetime
  makedatetime64 map mapadd mapapply mapconcat mapcontains mapcontainskey
  mapcontainskeylike mapcontainsvalue mapexists mapall mapextractkeylike mapfilter
  mapfromarrays mapkeys mapreversesort mapsort mapsubtract mapupdate mapvalues match
  materialize max2 md5 mid min2 minus minute mod modulo moduloornull moduloorzero month
  monthname multiif multimatchany multimatchanyindex multiply multisearchallpositions
  multisearchany multisearchanycaseinsensitive multisearchfirstindex
  multisearchfirstposition murmurhash2_64 murmurhash3_32 murmurhash3_64 negate netloc
  ngramdistance ngrams normalizeutf8nfc not notempty notequals notilike notin notlike now
  now64 nullif octet_length or overlay parsedatetime parsedatetime32besteffort
  parsedatetime32besteffortornull parsedatetime64besteffort
  parsedatetime64besteffortornull parsedatetime64besteffortorzero parsedatetimebesteffort
  parsedatetimebesteffortornull parsedatetimebesteffortorzero parsedatetimeornull path
  pathfull pi plus port position positioncaseinsensitive positionutf8 positivemodulo pow
  power protocol quarter querystring querystringandfragment radians range
  regexpextract regexpquotemeta regexp_extract regexp_replace repeat replace replaceall
  replaceone replaceregexpall replaceregexpone reverse reverseutf8 right rightpad
  rightpadutf8 rightutf8 round roundbankers rounddown rpad rtrim second sha1 sha256 sign
  simplejsonextractbool simplejsonextractfloat simplejsonextractint
  simplejsonextractstring simplejsonhas sin sinh siphash128 siphash64 soundex space
  splitbychar splitbynonalpha splitbyregexp splitbystring splitbywhitespace sqrt startswith
  startswithcaseinsensitive substr substring substringindex substringutf8 subdate adddate
  adddays addhours addmilliseconds addminutes addmonths addquarters addseconds addweeks
  addyears subtractdays subtracthours subtractmilliseconds subtractminutes
  subtractmonths subtractquarters subtractseconds subtractweeks subtractyears
  tan tanh tgamma timediff timeslot timeslots timestampdiff timestamp_diff timezoneof
  timezoneoffset tobool todate todateornull todateorzero todate32 todatetime
  todatetimeornull todatetimeorzero todatetime64 todatetime64ornull todatetime64orzero
  today todayofmonth todayofweek todayofyear todaysinmonth todecimal32 todecimal64
  todecimal128 todecimal64ornull todecimal64orzero todecimalstring tofixedstring
  tofloat32 tofloat32ornull tofloat32orzero tofloat64 tofloat64ordefault tofloat64ornull
  tofloat64orzero tohour toint8 toint8ornull toint8orzero toint16 toint16ornull
  toint16orzero toint32 toint32ordefault toint32ornull toint32orzero toint64
  toint64ordefault toint64ornull toint64orzero toint128 tointervalday tointervalhour
  tointervalmillisecond tointervalminute tointervalmonth tointervalquarter
  tointervalsecond tointervalweek tointervalyear toisoweek toisoyear tojsonstring
  tolastdayofmonth tolastdayofweek tomillisecond tominute tomonday tomonth tonullable
  topleveldomain toquarter torelativedaynum torelativehournum torelativeminutenum
  torelativemonthnum torelativequarternum torelativesecondnum torelativeweeknum
  torelativeyearnum tosecond tostartofday tostartoffifteenminutes tostartoffiveminutes
  tostartofhour tostartofinterval tostartofisoyear tostartofmillisecond tostartofminute
  tostartofmonth tostartofquarter tostartofsecond tostartoftenminutes tostartofweek
  tostartofyear tostring tostringcuttozero totime totimezone totypename touint8
  touint8ornull touint8orzero touint16 touint16ornull touint16orzero touint32
  touint32ordefault touint32ornull touint32orzero touint64 touint64ordefault
  touint64ornull touint64orzero touint128 tounixtimestamp tounixtimestamp64micro
  tounixtimestamp64milli touuid touuidornull touuidorzero tovalidutf8 toweek toyear
  toyearweek toyyyymm toyyyymmdd toyyyymmddhhmmss transform translate translateutf8 trim
  trimboth trimleft trimright trunc truncate trybase64decode tuple tupleconcat
  tupledivide tupledividebynumber tupleelement tuplehammingdistance tupleminus
  tuplemultiply tuplemultiplybynumber tuplenegate tupleplus ucase unhex upper upperutf8
  urlhash urlhierarchy urlpathhierarchy week widthbucket xor xxh3 xxhash32 xxhash64 year
  yesterday globalin globalnotin
`)

const windowed = words(`
  row_number rank dense_rank denserank percent_rank percentrank cume_dist ntile
  lag lead laginframe leadinframe first_value last_value nth_value first_value_respect_nulls
  last_value_respect_nulls exponentialtimedecayedavg nonnegativederivative
`)

const aggregate = words(`
  any any_value anylast anyheavy argmax argmin argandmax argandmin avg avgweighted
  boundingratio corr corrstable count covarpop covarsamp deltasum deltasumtimestamp entropy
  exponentialmovingaverage first_value group_concat grouparray grouparrayinsertat
  grouparraylast grouparraymovingavg grouparraymovingsum grouparraysorted
  groupbitand groupbitor groupbitxor groupconcat groupuniqarray kurtpop kurtsamp
  last_value max maxintersections maxmap mannwhitneyutest median medianexact min minmap
  quantile quantiledeterministic quantileexact quantileexacthigh quantileexactlow
  quantileexactweighted quantileexactinclusive quantileexactexclusive quantiles
  quantilesexact quantilesexactinclusive quantilesexactexclusive quantilestdigest
  quantiletdigest quantiletiming quantileinterpolatedweighted rankcorr retention
  sequencecount sequencematch sequencenextnode simplelinearregression singlevalueornull
  skewpop skewsamp stddevpop stddevsamp stddev_pop stddev_samp std stddev studentttest sum
  sumcount sumkahan summap summapwithoverflow sumwithoverflow topk topkweighted uniq
  uniqcombined uniqcombined64 uniqexact uniqhll12 uniqtheta uniqupto varpop varsamp
  var_pop var_samp variance welchttest windowfunnel
`)

/** Not State and Merge: a state is read from bytes that the caller could choose. */
const combinators = /(?:if|array|distinct|ornull|ordefault|map|foreach|argmin|argmax)$/u

/** Whether a query may call it, as an ordinary, aggregate or window function. */
export const isAllowedFunction = (name: string): boolean => {
  let known = name.toLowerCase()
  if (scalar.has(known) || windowed.has(known)) return true
  for (let depth = 0; depth < 4; depth++) {
    if (aggregate.has(known)) return true
    const base = known.replace(combinators, "")
    if (base === known) return false
    known = base
  }
  return false
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().toLowerCase().split(/\s+/u))
}
