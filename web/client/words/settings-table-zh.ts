/** 设置项表的简体中文：每个键的用途，以及可取的值。键、默认值和限制以 supervisor/settings/settings.ts 为准。 */

export const MEANINGS_ZH: Readonly<Record<string, string>> = {
  WEB_HOST: '页面和 API 监听的地址。除本机（回环）地址外，都必须设置 WEB_TOKEN。',
  WEB_PORT: '页面和 API 监听的端口；0 表示使用任一空闲端口。',
  WEB_TOKEN: '允许一切操作的令牌，供页面和脚本使用。未设置时只服务本机用户。',
  WEB_READ_TOKEN: '只能查看、不能更改的令牌。必须与 WEB_TOKEN 不同。',
  WEB_BASE: '反向代理提供此页面的路径，例如 /nightshift。',
  WEB_ALLOWED_HOSTS:
    '除 localhost、回环地址和 WEB_HOST 外，还可用来访问此页面的名称（防止 DNS 重绑定），例如 night.example.org,*.lan,nas:8443。*.NAME 指 NAME 之下的所有名称。',
  WEB_LOOPBACK_OPEN: '本机用户不用令牌是否可以添加、取消和重试任务。设置和处理程序始终需要令牌。',
  WORKERS: '执行计算型任务的工作线程数；每个线程一次执行一个任务。',
  IO_WORKERS: '执行以等待网络为主的任务的工作线程数；首次需要时创建。',
  IO_CONCURRENCY: '共用一个 IO_WORKERS 线程的任务数。',
  PROCESS_WORKERS:
    '为要求独立进程的处理程序（process 通道）和可执行文件处理程序准备的进程数；每个进程一次执行一个任务，首次需要时创建，空闲后结束。',
  PROCESS_MEMORY:
    '独立进程中的处理程序可用于 JavaScript 的内存；在 Linux 上，它的缓冲区和本机代码也算在内，Node 自身所需另计。可执行文件处理程序没有限制。',
  ISOLATION:
    '自己的处理程序在未指定通道或指定 cpu 通道时在哪里运行：在线程中，或在 PROCESS_WORKERS 的某个进程中。后者能经受住会使整个程序崩溃的故障。',
  LIMITS:
    '每个类型或每个分组同时运行多少个任务，以及每个分组在一段时间内启动多少个任务，例如 type:http.download=4,group:example.org=2,rate:example.org=10/1m。',
  COMMANDS:
    'command.run 可以运行的程序，按名称列出，例如 ffmpeg=/usr/bin/ffmpeg,backup=/opt/backup.sh。其他程序一律不运行。',
  ALLOW_SHELL: 'command.run 是否可以运行任务带来的 shell 命令行。开启后，能添加任务的人就能运行任何程序。',
  ALLOW_PRIVATE_ADDRESSES: '重定向和抓取的内容可以指向的私有地址段中的主机和网络，例如 nas.local,192.168.1.0/24。',
  FSYNC:
    '已接受的任务何时落盘：确认之前（always）、约两秒之内（everysec），或由系统决定（no）。三者都能经受进程被杀；断电后只有 always 能完整保留。',
  TIMEZONE: '页面和消息中显示当地时间所用的时区，未指定时区的计划也用它。文件中一律为 UTC。',
  SCHEDULER_ENABLED: '计划是否会启动任务。为 false 期间，到点的计划记为跳过。',
  STARTUP_DELAY: '服务启动后计划要等多久，让机器自身先启动完毕；其他工作立即开始。',
  MIN_INTERVAL: '按间隔运行的计划允许的最短间隔，不限制 cron 规则；已有的计划不受影响。',
  LOG_LEVEL: '服务自身日志的详细程度。',
  DRAIN_TIMEOUT: '停止时等待运行中任务结束的时间；到时仍在运行的会被中断，下次启动后重新运行。',
  CANCEL_GRACE: '处理程序因取消或超时被要求结束后，还有多少时间自行结束；之后它的工作线程或进程会被终止。',
  INBOX_SETTLE: '投入文件的大小和时间须保持不变多久，才会被接收。',
  INBOX_RETENTION: '已接收的任务文件在 accepted/ 中保留多久。',
  INBOX_OWNERS: '除 root 和服务自身的用户外，还接收哪些用户放进收件文件夹的文件。',
  LIBRARY_DIR: '下载内容存放的文件夹。',
  LIBRARY_LAYOUT:
    '媒体库的文件在 LIBRARY_DIR 中放到哪里。曲目没有的内容不会留下空缺；名称会处理成各种文件系统都能接受的形式。',
  METADATA_MUSICBRAINZ:
    'library.metadata 在哪里向 MusicBrainz 查询音乐，例如 https://musicbrainz.org。未设置则不查询；设置后艺术家和标题会发送到那里。',
  METADATA_OPENLIBRARY:
    'library.metadata 在哪里向 Open Library 查询有声书，例如 https://openlibrary.org。未设置则不查询；设置后作者和标题会发送到那里。',
  METADATA_CONTACT: '按元数据提供方的要求告知的联系方式：邮箱地址或网页。未设置则不向它们查询。',
  DOWNLOAD_CONCURRENCY: '同时从一台主机下载多少个媒体库文件。',
  OBJECT_ENDPOINT:
    '媒体库上传到哪里：支持 S3 API 的存储、WebDAV 服务器，或一个已存在的文件夹（通常是挂载的）。未设置时不上传任何内容。',
  OBJECT_BUCKET: 'OBJECT_ENDPOINT 使用 S3 API 时，存放媒体库的存储桶。',
  OBJECT_REGION: '存储桶所在的区域，请求按它签名；有些存储要求 auto。',
  OBJECT_PREFIX: 'OBJECT_ENDPOINT 中存放媒体库的文件夹，例如 night/music。',
  OBJECT_ACCESS_KEY: 'OBJECT_ENDPOINT 的访问密钥；若是 WebDAV 服务器，则为用户名。',
  OBJECT_SECRET_KEY: 'OBJECT_ENDPOINT 的私有密钥；若是 WebDAV 服务器，则为密码。',
  SOURCES_FILE: '写明媒体库从哪里收集内容的文件。',
  SOURCES: '媒体库要收集的来源的名称，例如 news,podcasts；不填或填 * 表示全部来源。',
  BACKUP_DIR: '备份所存放的文件夹；最好在另一块磁盘上。数据文件夹的每份备份都含有设置，包括其中的机密。',
  BACKUP_PATHS:
    '除 LIBRARY_DIR 中的内容外，backup.paths 还可以读取的文件夹和文件，例如 /home/me,/etc/nginx。其他一律不读取。',
  HANDLER_OVERRIDES: 'handlers/ 中的处理程序可以取代的内置处理程序的类型，例如 http.download。',
  IDEMPOTENCY_WINDOW: '任务完成后，它的幂等键在多长时间内仍返回该任务而不新建任务。',
  IDEMPOTENCY_KEYS: '最多记住多少个已完成任务的幂等键；最旧的最先删除。',
  FAILED_LIVE: '失败的任务在移入历史之前，与当前任务一起保留多久。',
  LOG_RETENTION: '尝试的日志保留多久。',
  ARCHIVE_AFTER: '历史中的整月须过去多久才会被压缩（forever 表示从不）；其中的任务照常可以查到和显示。',
  HISTORY_RETENTION: '历史中的整月须过去多久才会被删除，但绝不会在 IDEMPOTENCY_WINDOW 之内。',
  AGEING: '等待中的任务被更高优先级的任务抢先，每满这样一段时间，优先级就按高一级计算。',
  STORE_SIZE: '存储中所有键和值合计最多多大。它们保存在内存中。',
};

const PHRASES_ZH: Readonly<Record<string, string>> = {
  'an IP address or a host name, without a port': 'IP 地址或主机名，不带端口',
  'begins with / and does not end with one': '以 / 开头，不以 / 结尾',
  'auto (the cores, at least 2, at most 4), or 1 to 64': 'auto（核心数，至少 2，至多 4），或 1 至 64',
  'type:NAME=N, group:NAME=N, rate:NAME=N/DURATION, separated by commas':
    'type:NAME=N、group:NAME=N、rate:NAME=N/DURATION，用逗号分隔',
  'folders and a name, made of text and {source} {playlist} {group} {artist} {album} {title} {date} {year} {ext}':
    '文件夹和名称，由文字和 {source} {playlist} {group} {artist} {album} {title} {date} {year} {ext} 组成',
  'begins with https:// or http://, without ? and #': '以 https:// 或 http:// 开头，不带 ? 和 #',
  'NAME=/absolute/path, separated by commas': '名称=/绝对/路径，用逗号分隔',
  "an IANA name such as Europe/Berlin, or machine for the machine's own":
    'IANA 时区名称，例如 Asia/Shanghai；machine 表示本机的时区',
  'absolute, or starting in the data folder': '绝对路径，或从数据文件夹起的路径',
  'https://… or http://… (S3 API), webdav+https://…, webdav+http://…, file:///folder':
    'https://… 或 http://…（S3 API）、webdav+https://…、webdav+http://…、file:///文件夹',
  'letters, digits, . _ and -': '字母、数字、.、_ 和 -',
  downloads: '下载数',
  threads: '线程',
  'tasks a thread': '每个线程的任务数',
  processes: '进程',
  keys: '键',
  'attempts at once; a rate is attempts started / duration': '同时进行的尝试数；rate 为启动的尝试数/时长',
  'ms, s, m, h or d, written after the number': 'ms、s、m、h 或 d，写在数字之后',
};

/** 带数字的说法。 */
const PATTERNS_ZH: readonly (readonly [RegExp, string])[] = [
  [/^(\w+) to (\w+)$/, '$1 至 $2'],
  [/^(\w+) to (\w+), or forever$/, '$1 至 $2，或 forever（永久）'],
  [/^(\w+) or (\w+)$/, '$1 或 $2'],
  [/^up to (\d+) characters without spaces$/, '最多 $1 个字符，不含空格'],
  [/^up to (\d+) characters without spaces, with an @ or a :$/, '最多 $1 个字符，不含空格，含有 @ 或 :'],
  [/^up to (\d+), separated by commas$/, '最多 $1 个，用逗号分隔'],
  [/^folders with \/ between them, up to (\d+) characters$/, '以 / 分隔的文件夹，最多 $1 个字符'],
  [/^absolute paths, up to (\d+), separated by commas$/, '绝对路径，最多 $1 个，用逗号分隔'],
  [/^names or numbers, up to (\d+), separated by commas$/, '名称或编号，最多 $1 个，用逗号分隔'],
  [/^names of types, up to (\d+), separated by commas$/, '类型名称，最多 $1 个，用逗号分隔'],
  [
    /^names of sources, up to (\d+), separated by commas, or \* for all$/,
    '来源名称，最多 $1 个，用逗号分隔；* 表示全部',
  ],
  [
    /^NAME, NAME:PORT or \*\.NAME, up to (\d+), separated by commas$/,
    'NAME、NAME:PORT 或 *.NAME，最多 $1 个，用逗号分隔',
  ],
];

export function meaningZh(key: string, sentence: string): string {
  return MEANINGS_ZH[key] ?? sentence;
}

/** 列举的取值本身不翻译。 */
export function allowedZh(phrase: string): string {
  const pattern = PATTERNS_ZH.find(([form]) => form.test(phrase));
  return PHRASES_ZH[phrase] ?? (pattern ? phrase.replace(...pattern) : phrase);
}
