"""Approvals over HTTP. Who speaks is named by the header ``X-Pomona-Actor``."""

from litestar import Controller, get, post, put
from litestar.params import FromPath, JSONBody

from pomona.registry.approvals.records import NewPolicy, NewStatement, Policy, Standing
from pomona.server.wiring import Wired


class ApprovalRoutes(Controller):
    """What people said about a version."""

    path = "/api/v1/models/{name:str}/versions/{number:int}/approvals"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> Standing:
        """Who approved or rejected a version, and what is still missing."""
        return app.approvals.standing(f"{name}/{number}")

    @post(sync_to_thread=True)
    def state(
        self, app: Wired, name: FromPath[str], number: FromPath[int], data: JSONBody[NewStatement]
    ) -> Standing:
        """Ask for approval, approve, reject, or take back what one said before.

        Who made the version cannot approve it, nor can anybody without a name.
        """
        return app.approvals.state(f"{name}/{number}", data)


class ApprovalPolicyRoutes(Controller):
    """How many approvals a model's versions need."""

    path = "/api/v1/models/{name:str}/approval-policy"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, name: FromPath[str]) -> Policy:
        """What a version needs before it is champion, or goes to the stage Production."""
        return app.approvals.policy(name)

    @put(sync_to_thread=True)
    def change(self, app: Wired, name: FromPath[str], data: JSONBody[NewPolicy]) -> Policy:
        """Ask for more or fewer approvals from now on; fewer need a reason."""
        return app.approvals.set_policy(name, data)
