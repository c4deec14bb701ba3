# Runs commands on a node while its kubelet is stopped. The API server passes them on: it connects to the pod's address
# itself. Prints port and process id once it listens, and goes on in the background. Arguments: ADDRESS SECONDS UNIT…
# The first line of the input is a secret.
#
# A request is an HTTP POST. Its body is a JSON string of hexadecimal digits: the sha256 sum that proves the knowledge of
# the secret (32 bytes), then the text that it covers: NUMBER, DEADLINE in seconds, and the words of the command, with
# NUL between them. A number is accepted once. Without a word the command is a sign of life; NUMBER 0 ends the program.
# The answer is three lines: status (or "late"), standard output and standard error in hexadecimal.
#
# After SECONDS without a request the program starts the units of the host and ends: whoever stopped them is gone.
use strict;
use warnings;
use POSIX qw(setsid WNOHANG);
use Socket qw(:DEFAULT :addrinfo IPPROTO_TCP TCP_NODELAY);

my ($address, $seconds, @units) = @ARGV;
my $secret = <STDIN>;
chomp $secret;

my ($problem, $place) = getaddrinfo($address, 0, {flags => AI_NUMERICHOST, socktype => SOCK_STREAM});
die "$address: $problem\n" if $problem;
socket(my $server, $place->{family}, SOCK_STREAM, 0) or die "socket: $!\n";
bind($server, $place->{addr}) or die "bind $address: $!\n";
listen($server, 64) or die "listen: $!\n";
my (undef, undef, $port) = getnameinfo(getsockname($server), NI_NUMERICHOST | NI_NUMERICSERV);

defined(my $child = fork) or die "fork: $!\n";
if ($child) {
  print "$port $child\n";
  exit 0;
}
setsid;
open STDIN, '<', '/dev/null' or die $!;
open STDOUT, '>', '/dev/null' or die $!;
open STDERR, '>', '/dev/null' or die $!;

sub sha256 {
  my ($data) = @_;
  my $pid = open(my $sum, '-|');
  defined $pid or return '';
  if (!$pid) {
    $SIG{CHLD} = 'DEFAULT';
    open(my $to, '|-', 'sha256sum') or exit 1;
    print $to $data;
    close $to;
    exit 0;
  }
  my $line = <$sum> // '';
  close $sum;
  return pack 'H*', substr $line, 0, 64;
}

# Returns the text of a request that knows the secret.
sub request {
  my ($client) = @_;
  my $until = time + 5;
  my $data = '';
  while (time < $until) {
    my ($head, $body) = split /\r\n\r\n/, $data, 2;
    if (defined $body) {
      my ($length) = $head =~ /^content-length:\s*(\d+)/im or return;
      if (length $body >= $length) {
        my ($digits) = $body =~ /^"((?:[0-9a-f]{2})+)"/ or return;
        my $bytes = pack 'H*', $digits;
        my ($proof, $text) = (substr($bytes, 0, 32), substr $bytes, 32);
        return $text if $proof eq sha256($secret . sha256($secret . $text));
        return;
      }
    }
    my $ready = '';
    vec($ready, fileno $client, 1) = 1;
    select($ready, undef, undef, 1) > 0 or next;
    sysread($client, $data, 1 << 16, length $data) or return;
  }
  return;
}

sub answer {
  my ($client, $status, @lines) = @_;
  my $body = join "\n", @lines;
  my $length = length $body;
  my $data = "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nContent-Length: $length\r\nConnection: close\r\n\r\n$body";
  while (length $data) {
    my $written = syswrite $client, $data or last;
    substr $data, 0, $written, '';
  }
}

# Runs the command in a process group of its own, and ends it at its deadline or when its sender is gone.
sub run {
  my ($client, $limit, @words) = @_;
  my $outputs = "/run/outlast-$$";
  local $SIG{CHLD} = sub { };
  my $pid = fork // return answer($client, '500 Internal Server Error', "fork: $!");
  if (!$pid) {
    setsid;
    $SIG{CHLD} = $SIG{PIPE} = 'DEFAULT';
    close $server;
    close $client;
    open STDOUT, '>', "$outputs.out";
    open STDERR, '>', "$outputs.err";
    { no warnings; exec { $words[0] } @words }
    print STDERR "exec: $words[0]: $!\n";
    POSIX::_exit($!{ENOENT} ? 127 : 126);
  }
  my $until = time + $limit;
  my $status;
  while (!defined $status) {
    if (waitpid($pid, WNOHANG) == $pid) {
      $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
      last;
    }
    my $ready = '';
    vec($ready, fileno $client, 1) = 1;
    # The end of the command interrupts this.
    my $readable = select($ready, undef, undef, 0.1) > 0;
    next if !$readable && time < $until;
    my $gone = $readable && !sysread($client, my $more, 1024);
    if ($gone || time >= $until) {
      kill 'KILL', -$pid;
      waitpid $pid, 0;
      $status = 'late';
    }
  }
  my @written = map {
    local $/;
    my $text = '';
    if (open my $file, '<', "$outputs.$_") { $text = <$file> // '' }
    unlink "$outputs.$_";
    unpack 'H*', $text;
  } qw(out err);
  answer($client, '200 OK', $status, @written);
}

$SIG{PIPE} = 'IGNORE';
my %used;
my $last = time;
while (time < $last + $seconds) {
  1 while waitpid(-1, WNOHANG) > 0;
  my $ready = '';
  vec($ready, fileno $server, 1) = 1;
  select($ready, undef, undef, 1) > 0 or next;
  accept(my $client, $server) or next;
  setsockopt($client, IPPROTO_TCP, TCP_NODELAY, 1);
  my $text = request($client);
  my ($number, $limit, @words) = defined $text ? split(/\0/, $text, -1) : ();
  if (!defined $limit || $used{$number}++) {
    answer($client, '403 Forbidden', 'this request does not know the secret, or was seen before');
    close $client;
    next;
  }
  $last = time;
  if ($number eq '0') {
    answer($client, '200 OK', 0, '', '');
    exit 0;
  }
  if (!@words) {
    answer($client, '200 OK', 0, '', '');
  } elsif (!(fork // 1)) {
    run($client, $limit, @words);
    exit 0;
  }
  close $client;
}
system 'systemctl', 'start', $_ for @units;
