# Blocks processes that open a directory, on any mount of it, until this process ends. fanotify(7) asks it for
# permission. Prints the process's id once the directory is blocked. When the process ends, for whatever reason, the
# kernel admits all waiting processes. It ends by itself after the seconds.
use strict;
use warnings;
use POSIX qw(setsid uname);

my ($path, $seconds) = @ARGV;
my ($fanotify_init, $fanotify_mark) = (uname())[4] eq 'aarch64' ? (262, 263) : (300, 301);
my $class_content = 0x4;
my $mark_add = 0x1;
my ($open_perm, $on_directories) = (0x10000, 0x40000000);
my $current_directory = -100;

my $group = syscall($fanotify_init, $class_content, 0);
$group >= 0 or die "fanotify_init: $!\n";
syscall($fanotify_mark, $group, $mark_add, $open_perm | $on_directories, $current_directory, $path) == 0
  or die "fanotify_mark $path: $!\n";

defined(my $holder = fork) or die "fork: $!\n";
if ($holder) {
  print "$holder\n";
  exit 0;
}
setsid;
open STDIN, '<', '/dev/null' or die $!;
open STDOUT, '>', '/dev/null' or die $!;
open STDERR, '>', '/dev/null' or die $!;
sleep $seconds;
