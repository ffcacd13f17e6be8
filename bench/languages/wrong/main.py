from cdktf import App, TerraformStack
from cdktf_managed_database import DatabaseEngine, DatabaseNetwork, DatabasePlan, ManagedDatabase

ManagedDatabase(
    TerraformStack(App(), "wrong"),
    "Orders",
    identifier="Orders!",
    engine=DatabaseEngine.postgres("17"),
    plan=DatabasePlan.SMALL,
    network=DatabaseNetwork.of(vpc_id="vpc-0123abcd", subnet_ids=["subnet-0123abcd", "subnet-4567cdef"]),
)
