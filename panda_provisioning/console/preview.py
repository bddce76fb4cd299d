def show_preview(env, args):
    raise NotImplementedError
