#!/bin/sh
# SPDX-License-Identifier: MIT
# What flowcat and the library do, shown on the sample logs: sh examples/demo.sh BUILD
set -u

build=$(cd "${1:-build}" && pwd) || exit 2
cd "$(dirname "$0")/samples" || exit 2
PATH=$build/examples:$PATH
can=$(flowcat --version) || exit 2

bold='' plain=''
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

title() {
    printf '\n%s== %s%s\n' "$bold" "$1" "$plain"
}

# Print a command as one would type it, run it, say how it ended if that was not well.
show() {
    printf '\n%s$ %s%s\n' "$bold" "$1" "$plain"
    (eval "$1") 2>&1
    status=$?
    [ $status -eq 0 ] || echo "(exit status $status)"
}

# Whether flowcat was built to read something; a word if not.
has() {
    case $can in
    *"$1: yes"*) return 0 ;;
    esac
    printf '\n(skipped: this flowcat was built without %s; install %s and make again)\n' "$1" "$2"
    return 1
}

wide='--fields start,srcaddr,srcport,dstaddr,dstport,protocol,packets,bytes,action,log-status'

echo "The sample logs are in examples/samples; commands run there."

title "A flow log line, field by field"
show "parse_line '2 123456789010 eni-1235b8ca123456789 203.0.113.12 10.0.1.20 50211 22 6 3 180 1781082031 1781082090 REJECT OK'"

title "Records: who talked to whom, how much, was it let through"
show "flowcat --quiet $wide v2-default.log | head -n 9"

title "NODATA: the interface was idle. SKIPDATA: records were lost. Both are records"
show "flowcat --quiet --fields interface-id,start,end,log-status v2-default.log | grep DATA"

title "Rejected connections, from two logs with other layouts; their header lines say which"
show "flowcat --quiet --fields action,srcaddr,dstaddr,dstport,protocol,reject-reason v8.log v5.log | grep -e action -e REJECT"

title "A bad line costs itself only: file:line:offset: field: reason"
show "flowcat $wide trouble.log"

title "CSV, of all 29 fields of version 5 or of some"
show "flowcat --quiet --to csv --fields start,end,srcaddr,dstaddr,bytes,flow-direction,traffic-path,pkt-dst-aws-service v5.log | head -n 5"

title "JSON: numbers are numbers, - is null, a field that the log does not have is left out"
show "flowcat --quiet --to json v10.log | head -n 3"

title "Three layouts in one file: VPC, custom, transit gateway"
show "flowcat --fields version,interface-id,tgw-id,srcaddr,dstaddr,bytes concatenated.log"

title "A format without a header line, as CloudWatch Logs delivers it"
show "echo '10.0.1.20 203.0.113.9 443 2280 ACCEPT' | flowcat --quiet --to json --layout '\${srcaddr} \${dstaddr} \${dstport} \${bytes} \${action}'"

title "Compressed logs in the directories of an S3 bucket"
if has gzip zlib; then
    show "flowcat $wide s3 | tail -n 5"
fi

title "Log events in JSON envelopes: CloudWatch Logs subscriptions, Firehose"
if has 'JSON envelopes' jansson; then
    show "flowcat $wide subscription.json"
fi

title "A capture becomes a flow log: of the interface that has these addresses"
host='pcap2flow --address 10.0.1.20,2001:db8:1::20 --vpc 10.0.0.0/16 --rejected tcp:22,tcp:23,tcp:3389,tcp:5900'
show "$host host.pcap | grep -v -e ' 443 ' -e ' 80 ' -e 203.0.113.66"

title "The same in other fields: who was rejected, with flags and direction"
show "$host --quiet --layout '\${srcaddr} \${dstaddr} \${dstport} \${tcp-flags} \${flow-direction} \${action}' host.pcap | grep -e action -e REJECT | head -n 12"

title "Who talked most, and which ports were refused to whom"
show "$host --quiet --layout v5 host.pcap | flowtop --quiet -n 5 -s srcaddr,dstaddr/bytes,packets,records \
    -s action,dstport/records,distinct:srcaddr"
show "flowtop --quiet -s srcaddr,dstport/packets,min:start,max:end --where 'action = REJECT' v*.log"

title "What deserves a look: in this log, and in one of four hours"
show "$host --quiet --layout v5 host.pcap | flowtop --findings --quiet"
show "flowtop --findings --inside 10.0.0.0/8,2001:db8:10::/48 suspicious.log"

title "From findings to mirror rules: copy just what is suspicious"
if has 'JSON envelopes' jansson; then
    rules=$(mktemp) || exit 2
    show "$host --quiet --layout v5 host.pcap | flowtop --findings --quiet --to json | grep scan |
    mirror_rules from-flows --address 10.0.1.20 --findings - | tee $rules"
    show "mirror_rules explain --rules $rules --packet 'ingress tcp 203.0.113.66:61000 10.0.1.20:3306'"
    show "mirror_rules explain --rules $rules --packet 'ingress tcp 203.0.113.32:60000 10.0.1.20:80'"
    show "mirror_rules explain --rules $rules --packet 'egress tcp 10.0.1.20:40000 169.254.169.254:80'"
    show "mirror_rules explain --rules $rules --pcap host.pcap --address 10.0.1.20 --summary"

    title "Mirrored as VXLAN by those rules; at the other end the same packets and their flow log"
    show "mirror_tap --rules $rules --source 10.0.1.20 --target 10.9.0.4 --vni 7 --address 10.0.1.20 -r host.pcap -w - |
    mirror_sensor -r - --flow-log | flowtop -n 6 -s srcaddr,dstaddr,dstport/packets,bytes --quiet"
    rm -f "$rules"
fi

title "Records into files, named as in object storage"
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
plain_files=''
has gzip zlib || plain_files=' --plain'
show "$host --quiet --layout v5 host.pcap | flowdeliver --quiet$plain_files --to $tree --account 123456789012 --region eu-west-1 --flow-log fl-1 --hourly
(cd $tree && find AWSLogs -type f | sort)"
show "flowtop --quiet -n 3 -s srcaddr/bytes $tree/AWSLogs"

title "Everything at once, summarised"
show "flowcat *.log > /dev/null"
echo
