"""rules"""
def check(s,c,p): pass
