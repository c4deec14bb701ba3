# Detaches, on the machine of the engine, the loop devices that are attached to other loop devices: the locks that
# kubelet of a removed node has left. A lock's backing file has no path any more, so it is found by the number of the
# device behind it. Source: linux/loop.h, struct loop_info64.
# Arguments: the minor number of each loop device whose locks go. Prints the detached devices, one a line.
use strict;
use warnings;

my ($clear, $get_status) = (0x4C01, 0x4C05);
my %behind = map { $_ => 1 } @ARGV;
for my $device (glob '/dev/loop[0-9]*') {
  open my $file, '<', $device or next;
  my $status = "\0" x 232;
  ioctl $file, $get_status, $status or next;
  my (undef, undef, $number) = unpack 'Q3', $status;
  my ($major, $minor) = (($number >> 8) & 0xfff, ($number & 0xff) | (($number >> 12) & 0xfff00));
  next unless $major == 7 && $behind{$minor};
  ioctl $file, $clear, 0 or die "$device: $!\n";
  print "$device\n";
}
