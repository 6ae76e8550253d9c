/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of flow-log fields: one row a field, in the order of its VPCVIS_FIELD_... id.
 * Names, versions and types: "Flow log records" and "Transit Gateway Flow Log records", AWS
 * user guides. Names, kinds, slots and tests are all made from this table.
 *
 * FIELD(id, NAME, "name", version, KIND, PARQUET, ABOUT, largest value of a number, member of
 * struct vpcvis_record that holds it)
 */
#ifndef VPCVIS_RECORD_FIELDS_H
#define VPCVIS_RECORD_FIELDS_H

/* clang-format off */
#define VPCVIS_I_RECORD_FIELDS(FIELD) \
    FIELD( 0, VERSION,                    "version",                     2, NUMBER32, INT32,  LOG,       INT32_MAX,  version) \
    FIELD( 1, ACCOUNT_ID,                 "account-id",                  2, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD( 2, INTERFACE_ID,               "interface-id",                2, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD( 3, SRCADDR,                    "srcaddr",                     2, ADDRESS,  STRING, FLOW,      0,          srcaddr) \
    FIELD( 4, DSTADDR,                    "dstaddr",                     2, ADDRESS,  STRING, FLOW,      0,          dstaddr) \
    FIELD( 5, SRCPORT,                    "srcport",                     2, NUMBER32, INT32,  FLOW,      65535,      srcport) \
    FIELD( 6, DSTPORT,                    "dstport",                     2, NUMBER32, INT32,  FLOW,      65535,      dstport) \
    FIELD( 7, PROTOCOL,                   "protocol",                    2, NUMBER32, INT32,  FLOW,      255,        protocol) \
    FIELD( 8, PACKETS,                    "packets",                     2, NUMBER64, INT64,  FLOW,      UINT64_MAX, packets) \
    FIELD( 9, BYTES,                      "bytes",                       2, NUMBER64, INT64,  FLOW,      UINT64_MAX, bytes) \
    FIELD(10, START,                      "start",                       2, NUMBER64, INT64,  LOG,       INT64_MAX,  start_s) \
    FIELD(11, END,                        "end",                         2, NUMBER64, INT64,  LOG,       INT64_MAX,  end_s) \
    FIELD(12, ACTION,                     "action",                      2, NAME,     STRING, FLOW,      0,          action) \
    FIELD(13, LOG_STATUS,                 "log-status",                  2, NAME,     STRING, LOG,       0,          log_status) \
    FIELD(14, VPC_ID,                     "vpc-id",                      3, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(15, SUBNET_ID,                  "subnet-id",                   3, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(16, INSTANCE_ID,                "instance-id",                 3, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(17, TCP_FLAGS,                  "tcp-flags",                   3, NUMBER32, INT32,  FLOW,      INT32_MAX,  tcp_flags) \
    FIELD(18, TYPE,                       "type",                        3, NAME,     STRING, FLOW,      0,          type) \
    FIELD(19, PKT_SRCADDR,                "pkt-srcaddr",                 3, ADDRESS,  STRING, PACKET,    0,          pkt_srcaddr) \
    FIELD(20, PKT_DSTADDR,                "pkt-dstaddr",                 3, ADDRESS,  STRING, PACKET,    0,          pkt_dstaddr) \
    FIELD(21, REGION,                     "region",                      4, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(22, AZ_ID,                      "az-id",                       4, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(23, SUBLOCATION_TYPE,           "sublocation-type",            4, NAME,     STRING, INTERFACE, 0,          sublocation_type) \
    FIELD(24, SUBLOCATION_ID,             "sublocation-id",              4, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(25, PKT_SRC_AWS_SERVICE,        "pkt-src-aws-service",         5, TEXT,     STRING, PACKET,    0,          text) \
    FIELD(26, PKT_DST_AWS_SERVICE,        "pkt-dst-aws-service",         5, TEXT,     STRING, PACKET,    0,          text) \
    FIELD(27, FLOW_DIRECTION,             "flow-direction",              5, NAME,     STRING, FLOW,      0,          flow_direction) \
    FIELD(28, TRAFFIC_PATH,               "traffic-path",                5, NUMBER32, INT32,  FLOW,      INT32_MAX,  traffic_path) \
    FIELD(29, ECS_CLUSTER_ARN,            "ecs-cluster-arn",             7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(30, ECS_CLUSTER_NAME,           "ecs-cluster-name",            7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(31, ECS_CONTAINER_INSTANCE_ARN, "ecs-container-instance-arn",  7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(32, ECS_CONTAINER_INSTANCE_ID,  "ecs-container-instance-id",   7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(33, ECS_CONTAINER_ID,           "ecs-container-id",            7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(34, ECS_SECOND_CONTAINER_ID,    "ecs-second-container-id",     7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(35, ECS_SERVICE_NAME,           "ecs-service-name",            7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(36, ECS_TASK_DEFINITION_ARN,    "ecs-task-definition-arn",     7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(37, ECS_TASK_ARN,               "ecs-task-arn",                7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(38, ECS_TASK_ID,                "ecs-task-id",                 7, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(39, REJECT_REASON,              "reject-reason",               8, NAME,     STRING, FLOW,      0,          reject_reason) \
    FIELD(40, RESOURCE_ID,                "resource-id",                 9, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(41, ENCRYPTION_STATUS,          "encryption-status",          10, NUMBER32, INT32,  FLOW,      INT32_MAX,  encryption_status) \
    FIELD(42, INSTANCE_TAG,               "instance-tag",               11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(43, INSTANCE_TAG_2,             "instance-tag-2",             11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(44, INTERFACE_TAG,              "interface-tag",              11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(45, INTERFACE_TAG_2,            "interface-tag-2",            11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(46, ASG_TAG,                    "asg-tag",                    11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(47, ASG_TAG_2,                  "asg-tag-2",                  11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(48, INTERFACE_TYPE,             "interface-type",             11, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(49, NEXT_HOP_INTERFACE_ID,      "next-hop-interface-id",      11, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(50, NEXT_HOP_SUBNET_ID,         "next-hop-subnet-id",         11, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(51, NEXT_HOP_AZ_ID,             "next-hop-az-id",             11, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(52, NEXT_HOP_VPC_ID,            "next-hop-vpc-id",            11, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(53, NEXT_HOP_INTERFACE_TYPE,    "next-hop-interface-type",    11, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(54, RESOURCE_TYPE,              "resource-type",               6, NAME,     STRING, INTERFACE, 0,          resource_type) \
    FIELD(55, TGW_ID,                     "tgw-id",                      6, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(56, TGW_ATTACHMENT_ID,          "tgw-attachment-id",           6, TEXT,     STRING, INTERFACE, 0,          text) \
    FIELD(57, TGW_SRC_VPC_ACCOUNT_ID,     "tgw-src-vpc-account-id",      6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(58, TGW_DST_VPC_ACCOUNT_ID,     "tgw-dst-vpc-account-id",      6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(59, TGW_SRC_VPC_ID,             "tgw-src-vpc-id",              6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(60, TGW_DST_VPC_ID,             "tgw-dst-vpc-id",              6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(61, TGW_SRC_SUBNET_ID,          "tgw-src-subnet-id",           6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(62, TGW_DST_SUBNET_ID,          "tgw-dst-subnet-id",           6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(63, TGW_SRC_ENI,                "tgw-src-eni",                 6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(64, TGW_DST_ENI,                "tgw-dst-eni",                 6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(65, TGW_SRC_AZ_ID,              "tgw-src-az-id",               6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(66, TGW_DST_AZ_ID,              "tgw-dst-az-id",               6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(67, TGW_PAIR_ATTACHMENT_ID,     "tgw-pair-attachment-id",      6, TEXT,     STRING, FLOW,      0,          text) \
    FIELD(68, PACKETS_LOST_NO_ROUTE,      "packets-lost-no-route",       6, NUMBER64, INT64,  FLOW,      UINT64_MAX, packets_lost_no_route) \
    FIELD(69, PACKETS_LOST_BLACKHOLE,     "packets-lost-blackhole",      6, NUMBER64, INT64,  FLOW,      UINT64_MAX, packets_lost_blackhole) \
    FIELD(70, PACKETS_LOST_MTU_EXCEEDED,  "packets-lost-mtu-exceeded",   6, NUMBER64, INT64,  FLOW,      UINT64_MAX, packets_lost_mtu_exceeded) \
    FIELD(71, PACKETS_LOST_TTL_EXPIRED,   "packets-lost-ttl-expired",    6, NUMBER64, INT64,  FLOW,      UINT64_MAX, packets_lost_ttl_expired)
/* clang-format on */

#endif
