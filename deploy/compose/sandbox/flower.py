basic_auth = ["operator:sandbox-flower-password"]
